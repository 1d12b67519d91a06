// Talks to a Cloudflare API as Cloudflare's own Go client does, and says what it saw: a line of JSON for each step.
//
//	CLOUDFLARE_BASE_URL=http://127.0.0.1:PORT/client/v4 CLOUDFLARE_API_TOKEN=… CLOUDFLARE_READ_TOKEN=… cloudflare-go
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cloudflare/cloudflare-go"
)

func client(token string) *cloudflare.API {
	api, err := cloudflare.NewWithAPIToken(token,
		cloudflare.BaseURL(os.Getenv("CLOUDFLARE_BASE_URL")),
		cloudflare.UsingRateLimit(1000),
		cloudflare.UsingRetryPolicy(6, 0, 0))
	if err != nil {
		panic(err)
	}
	return api
}

// expectCode turns the refusal that was expected into a success that names it.
func expectCode(err error, code int) (any, error) {
	var refusal interface {
		InternalErrorCodeIs(int) bool
		ErrorCodes() []int
	}
	if errors.As(err, &refusal) && refusal.InternalErrorCodeIs(code) {
		return map[string]any{"codes": refusal.ErrorCodes()}, nil
	}
	return nil, fmt.Errorf("expected code %d, got: %v", code, err)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	api, reader := client(os.Getenv("CLOUDFLARE_API_TOKEN")), client(os.Getenv("CLOUDFLARE_READ_TOKEN"))
	var zone *cloudflare.ResourceContainer
	var first cloudflare.DNSRecord
	no := false
	record := func(kind, name, content string) cloudflare.CreateDNSRecordParams {
		return cloudflare.CreateDNSRecordParams{Type: kind, Name: name, Content: content, TTL: 60, Proxied: &no, Comment: "podtrust stack=prod"}
	}
	steps := []struct {
		name string
		run  func() (any, error)
	}{
		{"a wrong token is refused", func() (any, error) {
			_, err := client("wrong").VerifyAPIToken(ctx)
			return expectCode(err, 1000)
		}},
		{"a token is verified", func() (any, error) {
			seen, err := api.VerifyAPIToken(ctx)
			return map[string]any{"status": seen.Status}, err
		}},
		{"a zone is found by its name", func() (any, error) {
			id, err := api.ZoneIDByName("example.com")
			zone = cloudflare.ZoneIdentifier(id)
			return map[string]any{"length": len(id)}, err
		}},
		{"a zone's details are read", func() (any, error) {
			seen, err := api.ZoneDetails(ctx, zone.Identifier)
			return map[string]any{"status": seen.Status, "type": seen.Type, "plan": seen.Plan.LegacyID}, err
		}},
		{"A and AAAA records are made, IPv6 in its shortest form", func() (any, error) {
			var err error
			if first, err = api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.7")); err != nil {
				return nil, err
			}
			six, err := api.CreateDNSRecord(ctx, zone, record("AAAA", "oidc", "2001:0DB8:0:0::0001"))
			return map[string]any{"name": six.Name, "content": six.Content, "ttl": six.TTL, "comment": six.Comment}, err
		}},
		{"the same record is not made twice", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.7"))
			return expectCode(err, 81058)
		}},
		{"another address of the same name is", func() (any, error) {
			other, err := api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.8"))
			if err != nil {
				return nil, err
			}
			return nil, api.DeleteDNSRecord(ctx, zone, other.ID)
		}},
		{"an alias beside an address is refused", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("CNAME", "oidc.example.com", "elsewhere.example"))
			return expectCode(err, 81053)
		}},
		{"what is no address is refused", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "x.example.com", "2001:db8::1"))
			return expectCode(err, 9005)
		}},
		{"a lifetime below a minute is refused", func() (any, error) {
			short := record("A", "x.example.com", "203.0.113.9")
			short.TTL = 30
			_, err := api.CreateDNSRecord(ctx, zone, short)
			return expectCode(err, 9021)
		}},
		{"a tag is refused on the Free plan", func() (any, error) {
			tagged := record("A", "x.example.com", "203.0.113.9")
			tagged.Tags = []string{"owner:podtrust"}
			_, err := api.CreateDNSRecord(ctx, zone, tagged)
			return expectCode(err, 9300)
		}},
		{"a comment of 101 characters is refused on the Free plan", func() (any, error) {
			long := record("A", "x.example.com", "203.0.113.9")
			long.Comment = fmt.Sprintf("%0101d", 1)
			_, err := api.CreateDNSRecord(ctx, zone, long)
			return expectCode(err, 9301)
		}},
		{"a CAA record's content is made of its data", func() (any, error) {
			caa := record("CAA", "oidc.example.com", "")
			caa.Data = map[string]any{"flags": 0, "tag": "issue", "value": "letsencrypt.org; validationmethods=http-01"}
			made, err := api.CreateDNSRecord(ctx, zone, caa)
			return map[string]any{"content": made.Content}, err
		}},
		{"a change keeps what it does not name", func() (any, error) {
			changed, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Content: "203.0.113.10"})
			return map[string]any{"content": changed.Content, "comment": changed.Comment}, err
		}},
		{"records are listed by name, type and comment", func() (any, error) {
			byName, info, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{Name: "oidc.example.com", ResultInfo: cloudflare.ResultInfo{PerPage: 2}})
			if err != nil {
				return nil, err
			}
			byType, _, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{Type: "AAAA", Comment: "podtrust stack=PROD"})
			if err != nil {
				return nil, err
			}
			return map[string]any{"byName": len(byName), "byType": len(byType), "total": info.Total}, nil
		}},
		{"a token that reads does not write", func() (any, error) {
			if _, _, err := reader.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{}); err != nil {
				return nil, err
			}
			return expectCode(reader.DeleteDNSRecord(ctx, zone, first.ID), 10000)
		}},
		{"records are deleted once", func() (any, error) {
			all, _, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{})
			if err != nil {
				return nil, err
			}
			for _, one := range all {
				if err := api.DeleteDNSRecord(ctx, zone, one.ID); err != nil {
					return nil, err
				}
			}
			return expectCode(api.DeleteDNSRecord(ctx, zone, first.ID), 81044)
		}},
	}
	out, failed := json.NewEncoder(os.Stdout), false
	for _, one := range steps {
		seen, err := one.run()
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
