// Talks to a Cloudflare API as Cloudflare's own Go client does, and says what it saw: a line of JSON for each step.
//
//	CLOUDFLARE_BASE_URL=http://127.0.0.1:PORT/client/v4 CLOUDFLARE_API_TOKEN=… CLOUDFLARE_READ_TOKEN=… cloudflare-go [SCRIPT]
//
// The script says what the stand-in was started for: `records` (the usual one), `forms`, `quotas`, `limits`, `mischief`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/cloudflare/cloudflare-go"
)

type step struct {
	name string
	run  func() (any, error)
}

// wire keeps what the client itself does not show: status and headers of the last answer.
type wire struct {
	status int
	header http.Header
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(request)
	w.status, w.header = 0, nil
	if err == nil {
		w.status, w.header = answer.StatusCode, answer.Header
	}
	return answer, err
}

// probe is a client and its wire.
type probe struct {
	*cloudflare.API
	*wire
}

func client(token string, retries int) probe {
	seen := &wire{}
	api, err := cloudflare.NewWithAPIToken(token,
		cloudflare.BaseURL(os.Getenv("CLOUDFLARE_BASE_URL")),
		cloudflare.HTTPClient(&http.Client{Transport: seen}),
		cloudflare.UsingRateLimit(100000),
		cloudflare.UsingRetryPolicy(retries, 0, 0))
	if err != nil {
		panic(err)
	}
	return probe{api, seen}
}

// refused turns the refusal that was expected, by status and code, into a success that names it.
func (p probe) refused(err error, status, code int) (any, error) {
	var refusal interface {
		InternalErrorCodeIs(int) bool
		ErrorCodes() []int
		RayID() string
	}
	if !errors.As(err, &refusal) || !refusal.InternalErrorCodeIs(code) || p.status != status {
		return nil, fmt.Errorf("expected code %d with status %d, got %d: %v", code, status, p.status, err)
	}
	if refusal.RayID() == "" {
		return nil, errors.New("the refusal has no Cf-Ray")
	}
	return map[string]any{"codes": refusal.ErrorCodes()}, nil
}

// same says whether what was seen is what was wanted.
func same(seen, wanted map[string]any) (any, error) {
	left, _ := json.Marshal(seen)
	right, _ := json.Marshal(wanted)
	if string(left) != string(right) {
		return seen, fmt.Errorf("expected %s, got %s", right, left)
	}
	return seen, nil
}

// safely makes an error of a panic, so that one answer that is not as it should be does not end the probe.
func safely(run func() (any, error)) (seen any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return run()
}

func zoneOf(api probe, name string) *cloudflare.ResourceContainer {
	id, err := api.ZoneIDByName(name)
	if err != nil {
		// What follows then fails by itself.
		id = "unknown"
	}
	return cloudflare.ZoneIdentifier(id)
}

func record(kind, name, content string) cloudflare.CreateDNSRecordParams {
	no := false
	return cloudflare.CreateDNSRecordParams{Type: kind, Name: name, Content: content, TTL: 60, Proxied: &no, Comment: "podtrust stack=prod"}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	scripts := map[string]func(context.Context) []step{
		"records": records, "forms": forms, "quotas": quotas, "limits": limits, "mischief": mischief,
	}
	name := "records"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	out, failed := json.NewEncoder(os.Stdout), false
	for _, one := range scripts[name](ctx) {
		seen, err := safely(one.run)
		line := map[string]any{"step": one.name, "seen": seen}
		if err != nil {
			line["error"] = err.Error()
			failed = true
		}
		_ = out.Encode(line)
	}
	if failed {
		os.Exit(1)
	}
}
