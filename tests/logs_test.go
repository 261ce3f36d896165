package tests

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(memoryLog{}) }

// caddyLog is what Caddy has logged since the process began.
var caddyLog logBuffer

// logBuffer collects log lines.
type logBuffer struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

// Write implements [io.Writer].
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.Write(line)
}

// Close keeps the buffer: the next configuration goes on with it.
func (*logBuffer) Close() error { return nil }

// mark returns a position for since.
func (b *logBuffer) mark() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.Len()
}

// since returns what was logged after a position.
func (b *logBuffer) since(mark int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.lines.Bytes()[mark:])
}

// memoryLog is a log writer module that writes to caddyLog.
type memoryLog struct{}

// CaddyModule returns the Caddy module information.
func (memoryLog) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "caddy.logging.writers.memory",
		New: func() caddy.Module { return new(memoryLog) },
	}
}

func (memoryLog) String() string { return "memory" }

// WriterKey implements [caddy.WriterOpener].
func (memoryLog) WriterKey() string { return "memory" }

// OpenWriter implements [caddy.WriterOpener].
func (memoryLog) OpenWriter() (io.WriteCloser, error) { return &caddyLog, nil }

// logToMemory has all logs written to caddyLog, the main one down to the level
// debug. What they leave out stays as it is shipped.
func logToMemory(config map[string]any) {
	set(config, "DEBUG", "logging", "logs", "default", "level")
	logs, _ := at(config, "logging", "logs").(map[string]any)
	for name := range logs {
		set(config, "memory", "logging", "logs", name, "writer", "output")
		if at(config, "logging", "logs", name, "encoder") == nil {
			set(config, "json", "logging", "logs", name, "encoder", "format")
		}
	}
}

// logLines returns the lines of a log that hold all texts.
func logLines(log string, texts ...string) []string {
	var found []string
	for line := range strings.Lines(log) {
		fits := true
		for _, text := range texts {
			fits = fits && strings.Contains(line, text)
		}
		if fits {
			found = append(found, line)
		}
	}
	return found
}

var _ caddy.WriterOpener = memoryLog{}
