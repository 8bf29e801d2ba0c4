module shimyard.dev/tests/probe

go 1.25
