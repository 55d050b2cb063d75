module example.com/go_http

go 1.18
