package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/cloudflare/cloudflare-go"
)

// forms is asked of a stand-in that answers in the other documented forms: faults behind 1004, a refusal in place of
// an empty list of zones, and no field for a comment that is not there.
func forms(ctx context.Context) []step {
	api := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 0)
	zone := zoneOf(api, "example.com")
	return []step{
		{"a fault of a record stands behind 1004", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "x.example.com", "2001:db8::1"))
			var refusal interface {
				Errors() []cloudflare.ResponseInfo
			}
			if !errors.As(err, &refusal) || len(refusal.Errors()) != 1 {
				return nil, fmt.Errorf("expected one error, got: %v", err)
			}
			one := refusal.Errors()[0]
			return same(map[string]any{"code": one.Code, "message": one.Message}, map[string]any{"code": 1004, "message": "DNS Validation Error"})
		}},
		{"a refusal that is no fault of a record stands alone", func() (any, error) {
			if _, err := api.CreateDNSRecord(ctx, zone, record("A", "x.example.com", "203.0.113.7")); err != nil {
				return nil, err
			}
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "x.example.com", "203.0.113.7"))
			return api.refused(err, 400, 81058)
		}},
		{"the token's own zone is found by its name", func() (any, error) {
			_, err := api.ZoneIDByName("example.com")
			return nil, err
		}},
		{"another zone is refused in place of an empty list", func() (any, error) {
			_, err := api.ListZonesContext(ctx, cloudflare.WithZoneFilters("elsewhere.example", "", ""))
			return api.refused(err, 403, 9109)
		}},
		{"zones without a name are refused", func() (any, error) {
			_, err := api.ListZones(ctx)
			return api.refused(err, 403, 9109)
		}},
	}
}

// quotas fills zones of two plans.
func quotas(ctx context.Context) []step {
	api := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 0)
	fill := func(zone *cloudflare.ResourceContainer, count int) error {
		for index := range count {
			if _, err := api.CreateDNSRecord(ctx, zone, record("TXT", "full", strconv.Itoa(index))); err != nil {
				return fmt.Errorf("record %d: %w", index+1, err)
			}
		}
		return nil
	}
	zone, pro := zoneOf(api, "example.com"), zoneOf(api, "pro.example")
	return []step{
		{"a zone of the Free plan takes 200 records", func() (any, error) { return nil, fill(zone, 200) }},
		{"the 201st record is refused on the Free plan", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("TXT", "full", "one more"))
			return api.refused(err, 400, 81045)
		}},
		{"a zone of a paid plan takes more, and its three pages are walked", func() (any, error) {
			if err := fill(pro, 201); err != nil {
				return nil, err
			}
			all, info, err := api.ListDNSRecords(ctx, pro, cloudflare.ListDNSRecordsParams{})
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"all": len(all), "pages": info.TotalPages}, map[string]any{"all": 201, "pages": 3})
		}},
	}
}

// limits is asked of a stand-in with a budget of ten requests, whose clock moves on with each request.
func limits(ctx context.Context) []step {
	api := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 0)
	ask := func() { _, _ = api.VerifyAPIToken(ctx) }
	left := func() (rest, reset int) {
		_, _ = fmt.Sscanf(api.header.Get("Ratelimit"), `"default";r=%d;t=%d`, &rest, &reset)
		return rest, reset
	}
	return []step{
		{"a request within the budget is answered", func() (any, error) {
			_, err := api.VerifyAPIToken(ctx)
			return nil, err
		}},
		{"each request takes one of the budget", func() (any, error) {
			ask()
			before, _ := left()
			ask()
			after, _ := left()
			return same(map[string]any{"before": before, "after": after}, map[string]any{"before": 8, "after": 7})
		}},
		{"whoever goes beyond the budget is told when to come again", func() (any, error) {
			for range 7 {
				ask()
				if api.status != 200 {
					return nil, fmt.Errorf("refused too early: %d", api.status)
				}
			}
			ask()
			return same(map[string]any{"status": api.status, "after": api.header.Get("Retry-After")}, map[string]any{"status": 429, "after": "300"})
		}},
		{"the ban is for all five minutes, and its rest becomes less", func() (any, error) {
			ask()
			rest, err := strconv.Atoi(api.header.Get("Retry-After"))
			if err != nil || api.status != 429 || rest > 299 || rest < 250 {
				return nil, fmt.Errorf("status %d, Retry-After %q", api.status, api.header.Get("Retry-After"))
			}
			return nil, nil
		}},
		{"after the ban the budget is whole", func() (any, error) {
			for range 1000 {
				if ask(); api.status == 200 {
					break
				}
			}
			rest, _ := left()
			return same(map[string]any{"status": api.status, "left": rest}, map[string]any{"status": 200, "left": 9})
		}},
	}
}

// mischief is asked of a stand-in that was told which requests go wrong: one below user/, one POST, two PATCH, one DELETE.
func mischief(ctx context.Context) []step {
	api := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 0)
	zone := zoneOf(client(os.Getenv("CLOUDFLARE_API_TOKEN"), 6), "example.com")
	find := func() (map[string]cloudflare.DNSRecord, error) {
		all, _, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{})
		byContent := map[string]cloudflare.DNSRecord{}
		for _, one := range all {
			byContent[one.Content] = one
		}
		return byContent, err
	}
	change := func(from, to string) error {
		all, err := find()
		if err != nil {
			return err
		}
		_, err = api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: all[from].ID, Content: to})
		return err
	}
	stands := func(content string) error {
		all, err := find()
		if _, is := all[content]; err == nil && !is {
			return fmt.Errorf("%s does not stand", content)
		}
		return err
	}
	return []step{
		{"429 comes with the time to wait, once", func() (any, error) {
			_, _ = api.VerifyAPIToken(ctx)
			if api.status != 429 || api.header.Get("Retry-After") != "1" {
				return nil, fmt.Errorf("status %d, Retry-After %q", api.status, api.header.Get("Retry-After"))
			}
			_, err := api.VerifyAPIToken(ctx)
			return nil, err
		}},
		{"an answer is lost after the record was made", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "lost", "203.0.113.1"))
			if err == nil || api.status != 0 {
				return nil, fmt.Errorf("status %d: %v", api.status, err)
			}
			return nil, stands("203.0.113.1")
		}},
		{"the next request to make one goes well", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "lost", "203.0.113.2"))
			return nil, err
		}},
		{"a connection ends before a change was made", func() (any, error) {
			err := change("203.0.113.2", "203.0.113.3")
			if err == nil || api.status != 0 {
				return nil, fmt.Errorf("status %d: %v", api.status, err)
			}
			return nil, stands("203.0.113.2")
		}},
		{"a proxy answers 502 in words of its own before a change was made", func() (any, error) {
			err := change("203.0.113.2", "203.0.113.3")
			if err == nil || api.status != 502 || api.header.Get("Content-Type") != "text/html" {
				return nil, fmt.Errorf("status %d, %q: %v", api.status, api.header.Get("Content-Type"), err)
			}
			return nil, stands("203.0.113.2")
		}},
		{"500 comes in the API's form before anything was deleted", func() (any, error) {
			all, err := find()
			if err != nil {
				return nil, err
			}
			err = api.DeleteDNSRecord(ctx, zone, all["203.0.113.2"].ID)
			if err == nil || api.status != 500 || api.header.Get("Content-Type") != "application/json" {
				return nil, fmt.Errorf("status %d, %q: %v", api.status, api.header.Get("Content-Type"), err)
			}
			return nil, stands("203.0.113.2")
		}},
	}
}
