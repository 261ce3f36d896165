package caddymodule

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// panicError is a panic that was caught. Its text leaves out what the panic
// said unless the Go runtime said it, because that may hold personal data.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	if err, ok := e.value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic with a %T", e.value)
}

// guarded calls f and returns a panic as an error. A panic on a goroutine of
// our own would end the whole server.
func guarded[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return f()
}
