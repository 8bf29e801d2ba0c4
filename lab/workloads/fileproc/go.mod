module fileproc

go 1.24
