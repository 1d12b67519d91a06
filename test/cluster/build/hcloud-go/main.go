// Talks to a Hetzner Cloud API as Hetzner's own client does, and says what it saw: a line of JSON for each step.
//
//	HCLOUD_ENDPOINT=http://127.0.0.1:PORT/v1 HCLOUD_TOKEN=… HCLOUD_READ_ONLY_TOKEN=… hcloud-go [SCRIPT]
//
// The script says what the stand-in was started for: `story` (the usual one), `catalogue`, `keys`, `firewalls`,
// `addresses`, `servers`, `zones`, `forms`, `limits`, `mischief`. HCLOUD_ACTION_MS says how long an action takes there.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7b1h1nZpX9J0nQ2qk9m8zY0v9r5t3Jx2cQd6kqkP8T someone@example"

type step struct {
	name string
	run  func(context.Context) (any, error)
}

type object = map[string]any

func client(token string, retries int) *hcloud.Client {
	return hcloud.NewClient(
		hcloud.WithToken(token),
		hcloud.WithEndpoint(os.Getenv("HCLOUD_ENDPOINT")),
		hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(20 * time.Millisecond)}),
		hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: hcloud.ConstantBackoff(10 * time.Millisecond), MaxRetries: retries}),
	)
}

// expectCode turns the refusal that was expected into a success that names it.
func expectCode(err error, code hcloud.ErrorCode) (any, error) {
	if hcloud.IsError(err, code) {
		var refusal hcloud.Error
		errors.As(err, &refusal)
		return object{"code": refusal.Code, "status": refusal.Response().StatusCode, "correlation": refusal.Response().Header.Get("X-Correlation-Id")}, nil
	}
	return nil, fmt.Errorf("expected %s, got: %v", code, err)
}

var correlation = regexp.MustCompile(`^[0-9a-f]+$`)

// refused expects a refusal by status and code, and by the fields that it blames where some are given.
func refused(err error, status int, code string, fields ...string) (any, error) {
	var refusal hcloud.Error
	if !errors.As(err, &refusal) || string(refusal.Code) != code || refusal.Response().StatusCode != status {
		return nil, fmt.Errorf("expected %d %s, got: %v", status, code, err)
	}
	if !correlation.MatchString(refusal.Response().Header.Get("X-Correlation-Id")) {
		return nil, errors.New("the refusal has no X-Correlation-Id")
	}
	var body struct {
		Error struct {
			Details struct{ Fields []struct{ Name string } }
		}
	}
	text, err := io.ReadAll(refusal.Response().Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	blamed := []string{}
	for _, field := range body.Error.Details.Fields {
		blamed = append(blamed, field.Name)
	}
	sort.Strings(blamed)
	return same(object{"fields": blamed}, object{"fields": append([]string{}, fields...)})
}

// same says whether what was seen is what was wanted.
func same(seen, wanted object) (any, error) {
	left, _ := json.Marshal(seen)
	right, _ := json.Marshal(wanted)
	if string(left) != string(right) {
		return seen, fmt.Errorf("expected %s, got %s", right, left)
	}
	return seen, nil
}

// raw asks with the client's own transport what none of its methods would.
func raw(ctx context.Context, c *hcloud.Client, method, path string, body any) (object, *hcloud.Response, error) {
	var reader io.Reader
	if text, ok := body.(string); ok {
		reader = strings.NewReader(text)
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := c.NewRequest(ctx, method, path, reader)
	if err != nil {
		return nil, nil, err
	}
	answer := object{}
	response, err := c.Do(request, &answer)
	return answer, response, err
}

// refusal is a step of one request that is refused.
func refusal(c *hcloud.Client, name, method, path string, body any, status int, code string, fields ...string) step {
	return step{name, func(ctx context.Context) (any, error) {
		_, _, err := raw(ctx, c, method, path, body)
		return refused(err, status, code, fields...)
	}}
}

func networks(texts ...string) []net.IPNet {
	var result []net.IPNet
	for _, text := range texts {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			panic(err)
		}
		result = append(result, *network)
	}
	return result
}

func inRule(port string, from ...string) hcloud.FirewallRule {
	return hcloud.FirewallRule{Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: &port, SourceIPs: networks(from...)}
}

// until waits for something, eight seconds at most.
func until(what string, is func() (bool, error)) error {
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done, err := is(); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("not within eight seconds: %s", what)
}

// safely makes an error of a panic, so that one answer that is not as it should be does not end the probe.
func safely(ctx context.Context, run func(context.Context) (any, error)) (seen any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return run(ctx)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	scripts := map[string]func(c, reader *hcloud.Client) []step{
		"story": story, "catalogue": catalogue, "keys": keys, "firewalls": firewalls, "addresses": addresses,
		"servers": servers, "zones": zones, "forms": forms, "limits": limits, "mischief": mischief,
	}
	name, retries := "story", 10
	if len(os.Args) > 1 && os.Args[1] != name {
		name, retries = os.Args[1], 0
	}
	steps := scripts[name](client(os.Getenv("HCLOUD_TOKEN"), retries), client(os.Getenv("HCLOUD_READ_ONLY_TOKEN"), retries))
	out, failed := json.NewEncoder(os.Stdout), false
	for _, one := range steps {
		seen, err := safely(ctx, one.run)
		line := object{"step": one.name, "seen": seen}
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
