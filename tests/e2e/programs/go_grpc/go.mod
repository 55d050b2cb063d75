module example.com/go_grpc

go 1.18

require (
	google.golang.org/grpc v1.69.4
	google.golang.org/protobuf v1.36.0
)
