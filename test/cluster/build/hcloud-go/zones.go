package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// zones is DNS: record sets in example.com, and secondary.example, which is not to be changed here.
func zones(c, _ *hcloud.Client) []step {
	zone := &hcloud.Zone{Name: "example.com"}
	set := func(name string, kind hcloud.ZoneRRSetType) *hcloud.ZoneRRSet {
		return &hcloud.ZoneRRSet{Zone: zone, Name: name, Type: kind}
	}
	values := func(texts ...string) []hcloud.ZoneRRSetRecord {
		var records []hcloud.ZoneRRSetRecord
		for _, text := range texts {
			records = append(records, hcloud.ZoneRRSetRecord{Value: text})
		}
		return records
	}
	read := func(ctx context.Context, name string, kind hcloud.ZoneRRSetType) string {
		seen, _, err := c.Zone.GetRRSetByNameAndType(ctx, zone, name, kind)
		if err != nil {
			return err.Error()
		}
		if seen == nil {
			return "none"
		}
		var texts []string
		for _, one := range seen.Records {
			texts = append(texts, one.Value)
		}
		ttl := "default"
		if seen.TTL != nil {
			ttl = fmt.Sprint(*seen.TTL)
		}
		return ttl + " " + strings.Join(texts, " ")
	}
	// done waits for a change, and says of which command it was and that the zone was updating meanwhile.
	done := func(ctx context.Context, action *hcloud.Action, err error, wanted string) error {
		if err != nil {
			return err
		}
		during, _, err := c.Zone.GetByName(ctx, "example.com")
		if err != nil {
			return err
		}
		if err := c.Action.WaitFor(ctx, action); err != nil {
			return err
		}
		after, _, err := c.Zone.GetByName(ctx, "example.com")
		if err != nil {
			return err
		}
		_, err = same(object{"command": action.Command, "about": resourcesOf(action), "during": during.Status, "after": after.Status},
			object{"command": wanted, "about": "zone", "during": "updating", "after": "ok"})
		return err
	}
	refuses := func(name string, body object, fields ...string) step {
		whole := object{"name": "x", "type": "A", "records": []object{{"value": "203.0.113.1"}}}
		for key, value := range body {
			whole[key] = value
		}
		return refusal(c, name, "POST", "/zones/example.com/rrsets", whole, 422, "invalid_input", fields...)
	}
	of := func(kind string, texts ...string) object {
		records := []object{}
		for _, text := range texts {
			records = append(records, object{"value": text})
		}
		return object{"type": kind, "records": records}
	}
	return []step{
		{"a zone is found by name and id, and says whether it may be used", func(ctx context.Context) (any, error) {
			seen, _, err := c.Zone.GetByName(ctx, "example.com")
			if err != nil {
				return nil, err
			}
			byID, _, err := c.Zone.GetByID(ctx, seen.ID)
			if err != nil {
				return nil, err
			}
			listed, err := c.Zone.AllWithOpts(ctx, hcloud.ZoneListOpts{Name: "example.com"})
			if err != nil {
				return nil, err
			}
			secondary, err := c.Zone.AllWithOpts(ctx, hcloud.ZoneListOpts{Mode: hcloud.ZoneModeSecondary, Sort: []string{"name"}})
			if err != nil {
				return nil, err
			}
			none, _, err := c.Zone.GetByName(ctx, "nothing.example")
			if err != nil {
				return nil, err
			}
			servers := seen.AuthoritativeNameservers
			return same(object{"name": byID.Name, "listed": len(listed), "secondary": len(secondary), "mode": seen.Mode, "status": seen.Status, "ttl": seen.TTL, "servers": len(servers.Assigned), "delegated": len(servers.Delegated), "delegation": servers.DelegationStatus, "other": secondary[0].AuthoritativeNameservers.DelegationStatus, "none": none == nil},
				object{"name": "example.com", "listed": 1, "secondary": 1, "mode": "primary", "status": "ok", "ttl": 3600, "servers": 3, "delegated": 3, "delegation": "valid", "other": "lame", "none": true})
		}},
		{"a set of records is made, and is on the name servers when its action is over", func(ctx context.Context) (any, error) {
			ttl := 60
			made, answer, err := c.Zone.CreateRRSet(ctx, zone, hcloud.ZoneRRSetCreateOpts{Name: "oidc", Type: "A", TTL: &ttl, Labels: map[string]string{"stack": "prod"}, Records: []hcloud.ZoneRRSetRecord{{Value: "203.0.113.7", Comment: "words"}}})
			if err != nil {
				return nil, err
			}
			if err := done(ctx, made.Action, nil, "create_rrset"); err != nil {
				return nil, err
			}
			seen := made.RRSet
			return same(object{"status": answer.StatusCode, "id": seen.ID, "name": seen.Name, "type": seen.Type, "ttl": *seen.TTL, "labels": seen.Labels, "records": fmt.Sprint(seen.Records), "protected": seen.Protection.Change, "zone": seen.Zone.ID != 0},
				object{"status": 201, "id": "oidc/A", "name": "oidc", "type": "A", "ttl": 60, "labels": object{"stack": "prod"}, "records": "[{203.0.113.7 words}]", "protected": false, "zone": true})
		}},
		{"a set without a lifetime has the zone's", func(ctx context.Context) (any, error) {
			made, _, err := c.Zone.CreateRRSet(ctx, zone, hcloud.ZoneRRSetCreateOpts{Name: "oidc", Type: "AAAA", Records: values("2001:db8::1")})
			if err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "oidc", "AAAA"), "ttl": made.RRSet.TTL}, object{"set": "default 2001:db8::1", "ttl": nil})
		}},
		{"texts and certificate authorities stand in quotes", func(ctx context.Context) (any, error) {
			for kind, text := range map[hcloud.ZoneRRSetType]string{"TXT": `"one" "two"`, "CAA": `0 issue "letsencrypt.org"`} {
				if _, _, err := c.Zone.CreateRRSet(ctx, zone, hcloud.ZoneRRSetCreateOpts{Name: "@", Type: kind, Records: values(text)}); err != nil {
					return nil, err
				}
			}
			return same(object{"txt": read(ctx, "@", "TXT"), "caa": read(ctx, "@", "CAA")}, object{"txt": `default "one" "two"`, "caa": `default 0 issue "letsencrypt.org"`})
		}},
		refusal(c, "a set that is there is not made again", "POST", "/zones/example.com/rrsets", object{"name": "oidc", "type": "A", "records": []object{{"value": "203.0.113.8"}}}, 409, "uniqueness_error", "name"),
		refuses("an A record with an IPv6 address is refused", of("A", "2001:db8::1"), "records"),
		refuses("an AAAA record with an IPv4 address is refused", of("AAAA", "203.0.113.1"), "records"),
		refuses("an address with a zone of its own is refused", of("AAAA", "fe80::1%eth0"), "records"),
		refuses("a text without quotes is refused", of("TXT", "bare"), "records"),
		refuses("a part of more than 255 characters is refused", of("TXT", `"`+strings.Repeat("x", 256)+`"`), "records"),
		refuses("a certificate authority without quotes is refused", of("CAA", "0 issue letsencrypt.org"), "records"),
		refuses("an empty value is refused", of("CNAME", ""), "records"),
		refuses("a set without records is refused", of("A"), "records"),
		refuses("the same value twice is refused", of("A", "203.0.113.1", "203.0.113.1"), "records"),
		refuses("an unknown type is refused", of("SPF", "203.0.113.1"), "type"),
		refuses("a lifetime below a minute is refused", object{"ttl": 59}, "ttl"),
		refuses("a lifetime that is too long is refused", object{"ttl": 2147483648}, "ttl"),
		refuses("a name in capitals is refused", object{"name": "X"}, "name"),
		refuses("a whole name is refused", object{"name": "x.example.com"}, "name"),
		refuses("the zone's own name is refused", object{"name": "example.com"}, "name"),
		refuses("a label that is none is refused", object{"labels": object{"-": ""}}, "labels"),
		refuses("an alias beside an address is refused", object{"name": "oidc", "type": "CNAME", "records": []object{{"value": "else.example."}}}),
		{"an address beside an alias is refused", func(ctx context.Context) (any, error) {
			if _, _, err := c.Zone.CreateRRSet(ctx, zone, hcloud.ZoneRRSetCreateOpts{Name: "alias", Type: "CNAME", Records: values("else.example.")}); err != nil {
				return nil, err
			}
			_, _, err := c.Zone.CreateRRSet(ctx, zone, hcloud.ZoneRRSetCreateOpts{Name: "alias", Type: "A", Records: values("203.0.113.1")})
			return refused(err, 422, "invalid_input")
		}},
		{"sets are found by name, type and labels", func(ctx context.Context) (any, error) {
			count := func(opts hcloud.ZoneRRSetListOpts) int {
				found, err := c.Zone.AllRRSetsWithOpts(ctx, zone, opts)
				if err != nil {
					return -1
				}
				return len(found)
			}
			return same(object{
				"all": count(hcloud.ZoneRRSetListOpts{}), "name": count(hcloud.ZoneRRSetListOpts{Name: "oidc", Sort: []string{"name:desc"}}), "types": count(hcloud.ZoneRRSetListOpts{Type: []hcloud.ZoneRRSetType{"A", "AAAA"}}),
				"labels": count(hcloud.ZoneRRSetListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack=prod"}}),
			}, object{"all": 5, "name": 2, "types": 2, "labels": 1})
		}},
		{"a zone says how many records it has", func(ctx context.Context) (any, error) {
			seen, _, err := c.Zone.GetByName(ctx, "example.com")
			if err != nil {
				return nil, err
			}
			return same(object{"records": seen.RecordCount}, object{"records": 5})
		}},
		{"a record is added to a set", func(ctx context.Context) (any, error) {
			action, _, err := c.Zone.AddRRSetRecords(ctx, set("oidc", "A"), hcloud.ZoneRRSetAddRecordsOpts{Records: values("203.0.113.8")})
			if err := done(ctx, action, err, "add_rrset_records"); err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "oidc", "A")}, object{"set": "60 203.0.113.7 203.0.113.8"})
		}},
		{"a record that is there is not added", func(ctx context.Context) (any, error) {
			_, _, err := c.Zone.AddRRSetRecords(ctx, set("oidc", "A"), hcloud.ZoneRRSetAddRecordsOpts{Records: values("203.0.113.8")})
			return refused(err, 409, "uniqueness_error", "records")
		}},
		{"a record that is none is not added", func(ctx context.Context) (any, error) {
			_, _, err := c.Zone.AddRRSetRecords(ctx, set("oidc", "A"), hcloud.ZoneRRSetAddRecordsOpts{Records: values("words")})
			return refused(err, 422, "invalid_input", "records")
		}},
		{"a record is taken from a set", func(ctx context.Context) (any, error) {
			action, _, err := c.Zone.RemoveRRSetRecords(ctx, set("oidc", "A"), hcloud.ZoneRRSetRemoveRecordsOpts{Records: values("203.0.113.7")})
			if err := done(ctx, action, err, "remove_rrset_records"); err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "oidc", "A")}, object{"set": "60 203.0.113.8"})
		}},
		{"new records take the place of all", func(ctx context.Context) (any, error) {
			action, _, err := c.Zone.SetRRSetRecords(ctx, set("oidc", "A"), hcloud.ZoneRRSetSetRecordsOpts{Records: values("203.0.113.9", "203.0.113.10")})
			if err := done(ctx, action, err, "set_rrset_records"); err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "oidc", "A")}, object{"set": "60 203.0.113.9 203.0.113.10"})
		}},
		{"a set's lifetime is changed", func(ctx context.Context) (any, error) {
			ttl := 120
			action, _, err := c.Zone.ChangeRRSetTTL(ctx, set("oidc", "A"), hcloud.ZoneRRSetChangeTTLOpts{TTL: &ttl})
			if err := done(ctx, action, err, "change_rrset_ttl"); err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "oidc", "A")}, object{"set": "120 203.0.113.9 203.0.113.10"})
		}},
		{"a set is labelled anew", func(ctx context.Context) (any, error) {
			seen, answer, err := c.Zone.UpdateRRSet(ctx, set("oidc", "A"), hcloud.ZoneRRSetUpdateOpts{Labels: map[string]string{"a": "b"}})
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "labels": seen.Labels}, object{"status": 200, "labels": object{"a": "b"}})
		}},
		refusal(c, "a set is not posted to", "POST", "/zones/example.com/rrsets/oidc/A", object{}, 405, "method_not_allowed"),
		refusal(c, "what is unknown is not done to a set", "POST", "/zones/example.com/rrsets/oidc/A/actions/paint", object{}, 404, "not_found"),
		refusal(c, "a zone is not posted to", "POST", "/zones/example.com", object{}, 405, "method_not_allowed"),
		refusal(c, "a zone that is not there has no sets", "GET", "/zones/nothing.example/rrsets", nil, 404, "not_found"),
		refusal(c, "a secondary zone is not changed", "POST", "/zones/secondary.example/rrsets", object{"name": "x", "type": "A", "records": []object{{"value": "203.0.113.1"}}}, 422, "incorrect_zone_mode"),
		{"the last record that is taken takes its set with it", func(ctx context.Context) (any, error) {
			if _, _, err := c.Zone.RemoveRRSetRecords(ctx, set("alias", "CNAME"), hcloud.ZoneRRSetRemoveRecordsOpts{Records: values("else.example.")}); err != nil {
				return nil, err
			}
			return same(object{"set": read(ctx, "alias", "CNAME")}, object{"set": "none"})
		}},
		{"a set is deleted once", func(ctx context.Context) (any, error) {
			gone, answer, err := c.Zone.DeleteRRSet(ctx, set("oidc", "A"))
			if err != nil {
				return nil, err
			}
			if answer.StatusCode != 201 {
				return nil, fmt.Errorf("status %d", answer.StatusCode)
			}
			if err := done(ctx, gone.Action, nil, "delete_rrset"); err != nil {
				return nil, err
			}
			if read(ctx, "oidc", "A") != "none" {
				return nil, errors.New("it is still there")
			}
			_, _, err = c.Zone.DeleteRRSet(ctx, set("oidc", "A"))
			return refused(err, 404, "not_found")
		}},
	}
}
