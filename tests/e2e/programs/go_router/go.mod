module example.com/go_router

go 1.18
