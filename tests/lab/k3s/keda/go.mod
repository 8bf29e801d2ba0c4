// KEDA's kinds, out of its module's sources; nothing of it is built.
module shimyard.dev/tests/keda

go 1.25

require github.com/kedacore/keda/v2 v2.21.0
