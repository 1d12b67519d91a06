package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/cloudflare/cloudflare-go"
)

// records is what the usual stand-in is asked: tokens, zones, and each rule of a record.
func records(ctx context.Context) []step {
	api, reader := client(os.Getenv("CLOUDFLARE_API_TOKEN"), 6), client(os.Getenv("CLOUDFLARE_READ_TOKEN"), 6)
	zone, pro := zoneOf(api, "example.com"), zoneOf(api, "pro.example")
	steps := tokensAndZones(ctx, api, zone)
	steps = append(steps, names(ctx, api, zone)...)
	steps = append(steps, contents(ctx, api, zone)...)
	steps = append(steps, comments(ctx, api, zone, pro)...)
	steps = append(steps, life(ctx, api, reader, zone)...)
	return steps
}

// made creates a record, gives what the API says of it, and takes it away again.
func made(ctx context.Context, api probe, zone *cloudflare.ResourceContainer, wish cloudflare.CreateDNSRecordParams) (cloudflare.DNSRecord, error) {
	seen, err := api.CreateDNSRecord(ctx, zone, wish)
	if err != nil {
		return seen, err
	}
	return seen, api.DeleteDNSRecord(ctx, zone, seen.ID)
}

func names(ctx context.Context, api probe, zone *cloudflare.ResourceContainer) []step {
	named := func(name, wanted string) func() (any, error) {
		return func() (any, error) {
			seen, err := made(ctx, api, zone, record("A", name, "203.0.113.20"))
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"name": seen.Name}, map[string]any{"name": wanted})
		}
	}
	// The client itself makes Punycode in lower case of a name.
	raw := func(name, wanted string) func() (any, error) {
		return func() (any, error) {
			seen, err := api.Raw(ctx, http.MethodPost, "/zones/"+zone.Identifier+"/dns_records", map[string]any{"type": "A", "name": name, "content": "203.0.113.20"}, nil)
			if err != nil {
				return nil, err
			}
			var made cloudflare.DNSRecord
			if err := json.Unmarshal(seen.Result, &made); err != nil {
				return nil, err
			}
			if _, err := same(map[string]any{"name": made.Name}, map[string]any{"name": wanted}); err != nil {
				return nil, err
			}
			return nil, api.DeleteDNSRecord(ctx, zone, made.ID)
		}
	}
	unnamed := func(name string) func() (any, error) {
		return func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", name, "203.0.113.20"))
			return api.refused(err, 400, 9000)
		}
	}
	return []step{
		{"a short name is completed by the zone's", named("short", "short.example.com")},
		{"a whole name stays as it is", named("whole.example.com", "whole.example.com")},
		{"@ is the zone itself", named("@", "example.com")},
		{"the zone's own name stays as it is", named("example.com", "example.com")},
		{"a name comes back in lower case", raw("UPPER.example.com", "upper.example.com")},
		{"a name's last dot is dropped", named("dotted.example.com.", "dotted.example.com")},
		{"a name comes back in Punycode", raw("bücher", "xn--bcher-kva.example.com")},
		{"a record without a name is refused", unnamed("")},
		{"a name with an empty label is refused", unnamed("a..b")},
		{"a label of 64 characters is refused", unnamed(strings.Repeat("a", 64))},
		{"a name of more than 253 characters is refused", unnamed(strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 60)+".", 4), "."))},
	}
}

func contents(ctx context.Context, api probe, zone *cloudflare.ResourceContainer) []step {
	yes := true
	gives := func(wish cloudflare.CreateDNSRecordParams, wanted map[string]any) func() (any, error) {
		return func() (any, error) {
			seen, err := made(ctx, api, zone, wish)
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"type": seen.Type, "content": seen.Content, "ttl": seen.TTL, "proxied": *seen.Proxied, "proxiable": seen.Proxiable}, wanted)
		}
	}
	refuses := func(code int, wish cloudflare.CreateDNSRecordParams) func() (any, error) {
		return func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, wish)
			return api.refused(err, 400, code)
		}
	}
	lasting := func(ttl int) cloudflare.CreateDNSRecordParams {
		wish := record("A", "ttl.example.com", "203.0.113.21")
		wish.TTL = ttl
		return wish
	}
	proxied := func(kind, content string) cloudflare.CreateDNSRecordParams {
		wish := record(kind, "proxied.example.com", content)
		wish.Proxied = &yes
		return wish
	}
	caa := func(data any) cloudflare.CreateDNSRecordParams {
		wish := record("CAA", "caa.example.com", "")
		wish.Data = data
		return wish
	}
	type object = map[string]any
	plain := func(kind, content string, ttl int, proxied, proxiable bool) object {
		return object{"type": kind, "content": content, "ttl": ttl, "proxied": proxied, "proxiable": proxiable}
	}
	return []step{
		{"an A record is made as it was asked for", gives(record("A", "a.example.com", "203.0.113.22"), plain("A", "203.0.113.22", 60, false, true))},
		{"an AAAA record comes back in its shortest form", gives(record("AAAA", "b.example.com", "2001:0DB8:0:0::0001"), plain("AAAA", "2001:db8::1", 60, false, true))},
		{"a type is taken in lower case", gives(record("txt", "c.example.com", "words"), plain("TXT", "words", 60, false, false))},
		{"an alias comes back in lower case and without its last dot", gives(record("CNAME", "d.example.com", "Else.Example."), plain("CNAME", "else.example", 60, false, true))},
		{"a proxied record's lifetime is automatic", gives(proxied("A", "203.0.113.23"), plain("A", "203.0.113.23", 1, true, true))},
		{"a lifetime of 1 is automatic", gives(lasting(1), plain("A", "203.0.113.21", 1, false, true))},
		{"a record without a lifetime has the automatic one", gives(lasting(0), plain("A", "203.0.113.21", 1, false, true))},
		{"a lifetime of a day is the longest", gives(lasting(86400), plain("A", "203.0.113.21", 86400, false, true))},
		{"a lifetime of more than a day is refused", refuses(9021, lasting(86401))},
		{"a lifetime below a minute is refused", refuses(9021, lasting(59))},
		{"an unknown type is refused", refuses(9004, record("NOPE", "x.example.com", "y"))},
		{"an A record with an IPv6 address is refused", refuses(9005, record("A", "x.example.com", "2001:db8::1"))},
		{"an AAAA record with an IPv4 address is refused", refuses(9006, record("AAAA", "x.example.com", "203.0.113.9"))},
		{"an address with a zone of its own is refused", refuses(9006, record("AAAA", "x.example.com", "fe80::1%eth0"))},
		{"a record without content is refused", refuses(9002, record("TXT", "x.example.com", ""))},
		{"content of more than 2048 characters is refused", refuses(9013, record("TXT", "x.example.com", strings.Repeat("x", 2049)))},
		{"a proxied TXT record is refused", refuses(9003, proxied("TXT", "words"))},
		{"a CAA record's content is made of its data", gives(caa(object{"flags": 0, "tag": "issue", "value": "letsencrypt.org; validationmethods=http-01"}), plain("CAA", `0 issue "letsencrypt.org; validationmethods=http-01"`, 60, false, false))},
		{"a CAA record comes with its data", func() (any, error) {
			seen, err := made(ctx, api, zone, caa(object{"flags": 128, "tag": "iodef", "value": "mailto:a@example.com"}))
			if err != nil {
				return nil, err
			}
			return same(object{"data": seen.Data}, object{"data": object{"flags": 128, "tag": "iodef", "value": "mailto:a@example.com"}})
		}},
		{"a CAA record without data is refused", refuses(9101, caa(nil))},
		{"CAA flags of more than a byte are refused", refuses(9101, caa(object{"flags": 256, "tag": "issue", "value": "x"}))},
		{"negative CAA flags are refused", refuses(9101, caa(object{"flags": -1, "tag": "issue", "value": "x"}))},
		{"CAA flags that are no whole number are refused", refuses(9101, caa(object{"flags": 0.5, "tag": "issue", "value": "x"}))},
		{"a CAA tag of other characters than letters and digits is refused", refuses(9101, caa(object{"flags": 0, "tag": "is-sue", "value": "x"}))},
		{"a CAA record without a value is refused", refuses(9101, caa(object{"flags": 0, "tag": "issue"}))},
		{"settings come back", func() (any, error) {
			wish := record("CNAME", "settings.example.com", "else.example")
			wish.Settings = cloudflare.DNSRecordSettings{FlattenCNAME: &yes}
			seen, err := made(ctx, api, zone, wish)
			if err != nil {
				return nil, err
			}
			return same(object{"settings": seen.Settings}, object{"settings": wish.Settings})
		}},
	}
}

func comments(ctx context.Context, api probe, zone, pro *cloudflare.ResourceContainer) []step {
	commented := func(comment string) cloudflare.CreateDNSRecordParams {
		wish := record("A", "comment", "203.0.113.24")
		wish.Comment = comment
		return wish
	}
	tagged := func(tags ...string) cloudflare.CreateDNSRecordParams {
		wish := record("A", "tags", "203.0.113.25")
		wish.Tags = tags
		return wish
	}
	many := func(count int) []string {
		var tags []string
		for index := range count {
			tags = append(tags, fmt.Sprintf("t%d:x", index))
		}
		return tags
	}
	refuses := func(where *cloudflare.ResourceContainer, code int, wish cloudflare.CreateDNSRecordParams) func() (any, error) {
		return func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, where, wish)
			return api.refused(err, 400, code)
		}
	}
	gives := func(where *cloudflare.ResourceContainer, wish cloudflare.CreateDNSRecordParams) func() (any, error) {
		return func() (any, error) {
			seen, err := made(ctx, api, where, wish)
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"comment": seen.Comment, "tags": strings.Join(seen.Tags, " ")}, map[string]any{"comment": wish.Comment, "tags": strings.Join(wish.Tags, " ")})
		}
	}
	return []step{
		{"a comment of 100 characters is kept on the Free plan, with its case", gives(zone, commented(strings.Repeat("Ab", 50)))},
		{"a comment of 101 characters is refused on the Free plan", refuses(zone, 9301, commented(strings.Repeat("a", 101)))},
		{"a comment of 500 characters is kept on a paid plan", gives(pro, commented(strings.Repeat("a", 500)))},
		{"a comment of 501 characters is refused on a paid plan", refuses(pro, 9301, commented(strings.Repeat("a", 501)))},
		{"a comment of two lines is refused", refuses(zone, 9301, commented("one\ntwo"))},
		{"a comment with a carriage return is refused", refuses(zone, 9301, commented("one\rtwo"))},
		{"a tag is refused on the Free plan", refuses(zone, 9300, tagged("owner:podtrust"))},
		{"20 tags are kept on a paid plan", gives(pro, tagged(many(20)...))},
		{"21 tags are refused on a paid plan", refuses(pro, 9300, tagged(many(21)...))},
		{"a tag without a value is refused", refuses(pro, 9302, tagged("owner"))},
		{"a tag's name of 33 characters is refused", refuses(pro, 9302, tagged(strings.Repeat("a", 33)+":x"))},
		{"a tag's value of 101 characters is refused", refuses(pro, 9302, tagged("a:"+strings.Repeat("x", 101)))},
	}
}

// life is the life of records, from creation to deletion.
func life(ctx context.Context, api, reader probe, zone *cloudflare.ResourceContainer) []step {
	var first, six cloudflare.DNSRecord
	return []step{
		{"A and AAAA records of one name are made", func() (any, error) {
			var err error
			if first, err = api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.7")); err != nil {
				return nil, err
			}
			six, err = api.CreateDNSRecord(ctx, zone, record("AAAA", "oidc", "2001:0DB8:0:0::0001"))
			return map[string]any{"name": six.Name, "content": six.Content, "ttl": six.TTL, "comment": six.Comment}, err
		}},
		{"a record is read by its id", func() (any, error) {
			seen, err := api.GetDNSRecord(ctx, zone, first.ID)
			if err != nil {
				return nil, err
			}
			return same(map[string]any{"id": len(seen.ID), "content": seen.Content, "comment": seen.Comment}, map[string]any{"id": 32, "content": "203.0.113.7", "comment": "podtrust stack=prod"})
		}},
		{"the same record is not made twice", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.7"))
			return api.refused(err, 400, 81058)
		}},
		{"a record is not changed to what another is", func() (any, error) {
			other, err := api.CreateDNSRecord(ctx, zone, record("A", "oidc.example.com", "203.0.113.8"))
			if err != nil {
				return nil, err
			}
			if _, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: other.ID, Content: "203.0.113.7"}); err == nil {
				return nil, errors.New("it was changed")
			} else if _, err := api.refused(err, 400, 81058); err != nil {
				return nil, err
			}
			return nil, api.DeleteDNSRecord(ctx, zone, other.ID)
		}},
		{"the same content stands under two names", func() (any, error) {
			_, err := made(ctx, api, zone, record("A", "other.example.com", "203.0.113.7"))
			return nil, err
		}},
		{"an alias beside an address is refused", func() (any, error) {
			_, err := api.CreateDNSRecord(ctx, zone, record("CNAME", "oidc.example.com", "elsewhere.example"))
			return api.refused(err, 400, 81053)
		}},
		{"an address beside an alias is refused", func() (any, error) {
			alias, err := api.CreateDNSRecord(ctx, zone, record("CNAME", "alias.example.com", "elsewhere.example"))
			if err != nil {
				return nil, err
			}
			_, err = api.CreateDNSRecord(ctx, zone, record("A", "alias.example.com", "203.0.113.7"))
			if seen, err := api.refused(err, 400, 81053); err != nil {
				return seen, err
			}
			if _, err := made(ctx, api, zone, record("TXT", "alias.example.com", "words")); err != nil {
				return nil, err
			}
			return nil, api.DeleteDNSRecord(ctx, zone, alias.ID)
		}},
		{"a change keeps what it does not name", func() (any, error) {
			time.Sleep(5 * time.Millisecond)
			changed, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Content: "203.0.113.10"})
			if err != nil {
				return nil, err
			}
			return same(
				map[string]any{"id": changed.ID == first.ID, "name": changed.Name, "content": changed.Content, "ttl": changed.TTL, "comment": changed.Comment, "created": changed.CreatedOn.Equal(first.CreatedOn), "modified": changed.ModifiedOn.After(first.ModifiedOn)},
				map[string]any{"id": true, "name": "oidc.example.com", "content": "203.0.113.10", "ttl": 60, "comment": "podtrust stack=prod", "created": true, "modified": true})
		}},
		{"a change to what a record is already is none", func() (any, error) {
			_, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Content: "203.0.113.10"})
			return nil, err
		}},
		{"an empty comment is taken away", func() (any, error) {
			changed, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Comment: cloudflare.StringPtr("")})
			if err != nil {
				return nil, err
			}
			if changed.Comment != "" {
				return nil, fmt.Errorf("the comment is %q", changed.Comment)
			}
			_, err = api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Comment: cloudflare.StringPtr("podtrust stack=prod")})
			return nil, err
		}},
		{"records are listed by name, type and comment", func() (any, error) {
			caa := record("CAA", "oidc.example.com", "")
			caa.Data = map[string]any{"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
			if _, err := api.CreateDNSRecord(ctx, zone, caa); err != nil {
				return nil, err
			}
			if _, err := api.CreateDNSRecord(ctx, zone, record("TXT", "words.example.com", "some words")); err != nil {
				return nil, err
			}
			count := func(filter cloudflare.ListDNSRecordsParams) int {
				found, _, err := api.ListDNSRecords(ctx, zone, filter)
				if err != nil {
					return -1
				}
				return len(found)
			}
			_, info, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{Name: "oidc.example.com", ResultInfo: cloudflare.ResultInfo{PerPage: 2}})
			if err != nil {
				return nil, err
			}
			no, yes := false, true
			return same(map[string]any{
				"page":      []int{info.Page, info.PerPage, info.Count, info.Total, info.TotalPages},
				"byName":    count(cloudflare.ListDNSRecordsParams{Name: "oidc.example.com"}),
				"byPart":    count(cloudflare.ListDNSRecordsParams{Name: "oidc"}),
				"byType":    count(cloudflare.ListDNSRecordsParams{Type: "AAAA"}),
				"byComment": count(cloudflare.ListDNSRecordsParams{Type: "AAAA", Comment: "podtrust stack=PROD"}),
				"byContent": count(cloudflare.ListDNSRecordsParams{Content: "203.0.113.10"}),
				"byProxied": []int{count(cloudflare.ListDNSRecordsParams{Proxied: &no}), count(cloudflare.ListDNSRecordsParams{Proxied: &yes})},
				"byAny":     count(cloudflare.ListDNSRecordsParams{Match: "any", Type: "AAAA", Name: "words.example.com"}),
				"byBoth":    count(cloudflare.ListDNSRecordsParams{Match: "all", Type: "AAAA", Name: "words.example.com"}),
				"all":       count(cloudflare.ListDNSRecordsParams{}),
			}, map[string]any{
				"page": []int{1, 2, 2, 3, 2}, "byName": 3, "byPart": 0, "byType": 1, "byComment": 1, "byContent": 1, "byProxied": []int{4, 0}, "byAny": 2, "byBoth": 0, "all": 4,
			})
		}},
		{"records come in the order that is asked for", func() (any, error) {
			order := func(filter cloudflare.ListDNSRecordsParams) string {
				found, _, err := api.ListDNSRecords(ctx, zone, filter)
				if err != nil {
					return err.Error()
				}
				var types []string
				for _, one := range found {
					types = append(types, one.Type)
				}
				return strings.Join(types, " ")
			}
			return same(map[string]any{
				"type":    order(cloudflare.ListDNSRecordsParams{}),
				"down":    order(cloudflare.ListDNSRecordsParams{Order: "type", Direction: cloudflare.ListDirectionDesc}),
				"content": order(cloudflare.ListDNSRecordsParams{Order: "content"}),
			}, map[string]any{"type": "A AAAA CAA TXT", "down": "TXT CAA AAAA A", "content": "CAA AAAA A TXT"})
		}},
		{"the second page goes on where the first ended", func() (any, error) {
			page := func(number int) []string {
				found, _, err := api.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{ResultInfo: cloudflare.ResultInfo{Page: number, PerPage: 3}})
				if err != nil {
					return []string{err.Error()}
				}
				types := []string{}
				for _, one := range found {
					types = append(types, one.Type)
				}
				return types
			}
			return same(map[string]any{"1": page(1), "2": page(2), "3": page(3)}, map[string]any{"1": []string{"A", "AAAA", "CAA"}, "2": []string{"TXT"}, "3": []string{}})
		}},
		{"a page that is no number is refused", func() (any, error) {
			_, err := api.Raw(ctx, http.MethodGet, "/zones/"+zone.Identifier+"/dns_records?page=0", nil, nil)
			return api.refused(err, 400, 9207)
		}},
		{"a token that reads does not write", func() (any, error) {
			if _, _, err := reader.ListDNSRecords(ctx, zone, cloudflare.ListDNSRecordsParams{}); err != nil {
				return nil, err
			}
			seen, err := reader.ZoneDetails(ctx, zone.Identifier)
			if err != nil {
				return nil, err
			}
			if rights := strings.Join(seen.Permissions, " "); rights != "#dns_records:read #zone:read" {
				return nil, fmt.Errorf("its rights are %q", rights)
			}
			return reader.refused(reader.DeleteDNSRecord(ctx, zone, first.ID), 403, 10000)
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
			return api.refused(api.DeleteDNSRecord(ctx, zone, first.ID), 404, 81044)
		}},
		{"a record that is gone is not read", func() (any, error) {
			_, err := api.GetDNSRecord(ctx, zone, first.ID)
			return api.refused(err, 404, 81044)
		}},
		{"a record that is gone is not changed", func() (any, error) {
			_, err := api.UpdateDNSRecord(ctx, zone, cloudflare.UpdateDNSRecordParams{ID: first.ID, Content: "203.0.113.11"})
			return api.refused(err, 404, 81044)
		}},
	}
}
