package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// statusOf is the status of an answer; 0 where there was none.
func statusOf(answer *hcloud.Response) int {
	if answer == nil || answer.Response == nil {
		return 0
	}
	return answer.StatusCode
}

// forms is asked of a stand-in that answers in the other documented forms.
func forms(c, reader *hcloud.Client) []step {
	return []step{
		refusal(c, "invalid input comes without its fields", "POST", "/ssh_keys", object{}, 422, "invalid_input"),
		{"another refusal comes with its fields", func(ctx context.Context) (any, error) {
			if _, _, err := c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "a", PublicKey: keyOf(1)}); err != nil {
				return nil, err
			}
			_, _, err := c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "a", PublicKey: keyOf(2)})
			return refused(err, 409, "uniqueness_error", "name")
		}},
		{"a free address says that it is for servers", func(ctx context.Context) (any, error) {
			made, _, err := c.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: "free", Type: "ipv4", Location: "nbg1"})
			if err != nil {
				return nil, err
			}
			return same(object{"type": made.PrimaryIP.AssigneeType, "assignee": made.PrimaryIP.AssigneeID}, object{"type": "server", "assignee": 0})
		}},
		refusal(reader, "a read-only token is refused in the older way", "POST", "/ssh_keys", object{}, 401, "token_readonly"),
	}
}

// limits is asked of a stand-in with a budget of ten requests an hour, whose clock moves on with each request.
func limits(c, _ *hcloud.Client) []step {
	ask := func(ctx context.Context) (*hcloud.Response, error) {
		_, answer, err := c.Location.List(ctx, hcloud.LocationListOpts{})
		return answer, err
	}
	return []step{
		{"a request within the budget is answered", func(ctx context.Context) (any, error) {
			_, err := ask(ctx)
			return nil, err
		}},
		{"each request takes one of the budget", func(ctx context.Context) (any, error) {
			first, err := ask(ctx)
			if err != nil {
				return nil, err
			}
			second, err := ask(ctx)
			if err != nil {
				return nil, err
			}
			return same(object{"limit": first.Meta.Ratelimit.Limit, "first": first.Meta.Ratelimit.Remaining, "second": second.Meta.Ratelimit.Remaining, "later": second.Meta.Ratelimit.Reset.After(first.Meta.Ratelimit.Reset)},
				object{"limit": 10, "first": 8, "second": 7, "later": true})
		}},
		{"a request beyond the budget is refused", func(ctx context.Context) (any, error) {
			for range 20 {
				if _, err := ask(ctx); err != nil {
					return refused(err, 429, "rate_limit_exceeded")
				}
			}
			return nil, errors.New("none was refused")
		}},
		{"the budget comes back one by one", func(ctx context.Context) (any, error) {
			for range 1000 {
				answer, err := ask(ctx)
				if err == nil {
					return same(object{"left": answer.Meta.Ratelimit.Remaining}, object{"left": 0})
				}
				if seen, err := refused(err, 429, "rate_limit_exceeded"); err != nil {
					return seen, err
				}
			}
			return nil, errors.New("it did not come back")
		}},
	}
}

// mischief is asked of a stand-in that was told which requests go wrong: a GET of each kind of thing, the first writes.
func mischief(c, _ *hcloud.Client) []step {
	status := func(name, path string, wanted int, code string) step {
		return step{name, func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "GET", path, nil)
			if seen, err := refused(err, wanted, code); err != nil {
				return seen, err
			}
			_, _, err = raw(ctx, c, "GET", path, nil)
			return nil, err
		}}
	}
	create := func(ctx context.Context, name string) (*hcloud.Response, error) {
		_, answer, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: name})
		return answer, err
	}
	stands := func(ctx context.Context, name string, wanted bool) (any, error) {
		found, _, err := c.Firewall.GetByName(ctx, name)
		if err != nil {
			return nil, err
		}
		return same(object{"stands": found != nil}, object{"stands": wanted})
	}
	return []step{
		status("429 comes by mischief, once", "/ssh_keys", 429, "rate_limit_exceeded"),
		status("503 comes by mischief, once", "/servers", 503, "unavailable"),
		status("504 comes by mischief, once", "/images", 504, "timeout"),
		{"a proxy answers 502 in words of its own", func(ctx context.Context) (any, error) {
			_, answer, err := raw(ctx, c, "GET", "/locations", nil)
			if err == nil || statusOf(answer) != 502 || answer.Header.Get("Content-Type") != "text/html" {
				return nil, fmt.Errorf("status %d: %v", statusOf(answer), err)
			}
			return nil, nil
		}},
		{"a connection ends without an answer, and nothing was done", func(ctx context.Context) (any, error) {
			// Not a GET: that Go's own transport asks again.
			_, answer, err := raw(ctx, c, "POST", "/primary_ips", object{"name": "reset", "type": "ipv4", "location": "nbg1"})
			if all, problem := c.PrimaryIP.All(ctx); problem != nil || len(all) > 0 {
				return nil, fmt.Errorf("%d addresses: %v", len(all), problem)
			}
			if err == nil || statusOf(answer) != 0 {
				return nil, fmt.Errorf("status %d: %v", statusOf(answer), err)
			}
			return nil, nil
		}},
		{"a conflict comes before anything was made", func(ctx context.Context) (any, error) {
			_, err := create(ctx, "conflict")
			if seen, err := refused(err, 409, "conflict"); err != nil {
				return seen, err
			}
			return stands(ctx, "conflict", false)
		}},
		{"504 comes after the firewall was made", func(ctx context.Context) (any, error) {
			_, err := create(ctx, "late")
			if seen, err := refused(err, 504, "timeout"); err != nil {
				return seen, err
			}
			return stands(ctx, "late", true)
		}},
		{"an answer is lost after the firewall was made", func(ctx context.Context) (any, error) {
			answer, err := create(ctx, "lost")
			if err == nil || statusOf(answer) != 0 {
				return nil, fmt.Errorf("status %d: %v", statusOf(answer), err)
			}
			return stands(ctx, "lost", true)
		}},
		{"what is refused anyway is refused, whatever goes wrong", func(ctx context.Context) (any, error) {
			_, err := create(ctx, "lost")
			return refused(err, 409, "uniqueness_error", "name")
		}},
		{"a type is sold out whatever the list says", func(ctx context.Context) (any, error) {
			_, err := bare(ctx, client(os.Getenv("HCLOUD_TOKEN"), 0), "bare", nil)
			if seen, err := refused(err, 412, "resource_unavailable"); err != nil {
				return seen, err
			}
			_, err = bare(ctx, c, "bare", nil)
			return nil, err
		}},
	}
}

// unwatched is a server that nobody asks for until it should run.
func unwatched(c *hcloud.Client) step {
	return step{"what was due meanwhile was done in its order", func(ctx context.Context) (any, error) {
		made, _, err := c.Server.Create(ctx, hcloud.ServerCreateOpts{Name: "unwatched", ServerType: &hcloud.ServerType{Name: "cax11"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}})
		if err != nil {
			return nil, err
		}
		pause, err := strconv.Atoi(os.Getenv("HCLOUD_ACTION_MS"))
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(5*pause) * time.Millisecond) // creation and start are over, and nobody asked
		seen, _, err := c.Server.GetByID(ctx, made.Server.ID)
		if err != nil {
			return nil, err
		}
		gone, _, err := c.Server.DeleteWithResult(ctx, seen)
		if err != nil {
			return nil, err
		}
		if err := c.Action.WaitFor(ctx, gone.Action); err != nil {
			return nil, err
		}
		return same(object{"status": seen.Status}, object{"status": "running"})
	}}
}
