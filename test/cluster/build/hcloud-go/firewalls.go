package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// resourcesOf says what an action is about: "firewall server".
func resourcesOf(action *hcloud.Action) string {
	var kinds []string
	for _, one := range action.Resources {
		kinds = append(kinds, string(one.Type))
	}
	return strings.Join(kinds, " ")
}

// commandsOf says what actions do, and about what.
func commandsOf(actions []*hcloud.Action) string {
	var texts []string
	for _, one := range actions {
		texts = append(texts, one.Command+" "+resourcesOf(one))
	}
	return strings.Join(texts, ", ")
}

// bare makes a server with neither key nor address, that is not started.
func bare(ctx context.Context, c *hcloud.Client, name string, labels map[string]string) (*hcloud.Server, error) {
	made, _, err := c.Server.Create(ctx, hcloud.ServerCreateOpts{
		Name: name, ServerType: &hcloud.ServerType{Name: "cax11"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}, Location: &hcloud.Location{Name: "nbg1"},
		StartAfterCreate: hcloud.Ptr(false), Labels: labels, PublicNet: &hcloud.ServerCreatePublicNet{},
	})
	if err != nil {
		return nil, err
	}
	return made.Server, c.Action.WaitFor(ctx, made.Action)
}

// firewalls is their rules, and what they are applied to.
func firewalls(c, _ *hcloud.Client) []step {
	var firewall, selecting *hcloud.Firewall
	var server *hcloud.Server
	rule := func(changes object) object {
		whole := object{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": []string{"203.0.113.7/32"}}
		for key, value := range changes {
			if value == nil {
				delete(whole, key)
			} else {
				whole[key] = value
			}
		}
		return whole
	}
	refuses := func(name string, changes object) step {
		return refusal(c, name, "POST", "/firewalls", object{"name": "x", "rules": []object{rule(changes)}}, 422, "invalid_input", "rules")
	}
	from := func(texts ...string) object { return object{"source_ips": texts} }
	taken := func(name string, rules []object, wanted func(*hcloud.Firewall) (any, error)) step {
		return step{name, func(ctx context.Context) (any, error) {
			answer, response, err := raw(ctx, c, "POST", "/firewalls", object{"name": "taken", "rules": rules})
			if err != nil {
				return nil, err
			}
			id := int64(answer["firewall"].(object)["id"].(float64))
			seen, _, err := c.Firewall.GetByID(ctx, id)
			if err != nil {
				return nil, err
			}
			if response.StatusCode != 201 {
				return nil, fmt.Errorf("status %d", response.StatusCode)
			}
			if _, err := c.Firewall.Delete(ctx, seen); err != nil {
				return nil, err
			}
			return wanted(seen)
		}}
	}
	fine := func(*hcloud.Firewall) (any, error) { return nil, nil }
	many := func(count int, one object) []object {
		var rules []object
		for range count {
			rules = append(rules, one)
		}
		return rules
	}
	addresses := func(count int) object {
		var texts []string
		for index := range count {
			texts = append(texts, fmt.Sprintf("10.0.%d.0/24", index))
		}
		return object{"source_ips": texts}
	}
	onServer := func() []hcloud.FirewallResource {
		return []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: server.ID}}}
	}
	bySelector := func(selector string) []hcloud.FirewallResource {
		return []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeLabelSelector, LabelSelector: &hcloud.FirewallResourceLabelSelector{Selector: selector}}}
	}
	statusOf := func(ctx context.Context, id int64) string {
		seen, _, err := c.Server.GetByID(ctx, server.ID)
		if err != nil {
			return err.Error()
		}
		for _, one := range seen.PublicNet.Firewalls {
			if one.Firewall.ID == id {
				return string(one.Status)
			}
		}
		return "none"
	}
	return []step{
		{"a firewall is made, and its networks come back in canonical form", func(ctx context.Context) (any, error) {
			icmp, out := hcloud.FirewallRuleProtocolICMP, hcloud.FirewallRuleDirectionOut
			made, answer, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "prod", Labels: map[string]string{"stack": "prod"}, Rules: []hcloud.FirewallRule{
				inRule("22", "198.51.100.7/32", "2001:db8::/64"), {Direction: hcloud.FirewallRuleDirectionIn, Protocol: icmp, SourceIPs: networks("0.0.0.0/0"), Description: hcloud.Ptr("ping")},
				{Direction: out, Protocol: hcloud.FirewallRuleProtocolUDP, Port: hcloud.Ptr("1024-5000"), DestinationIPs: networks("::/0")},
			}})
			if err != nil {
				return nil, err
			}
			firewall = made.Firewall
			if commandsOf(made.Actions) != "set_firewall_rules firewall" || made.Actions[0].Status != hcloud.ActionStatusRunning {
				return nil, errors.New(commandsOf(made.Actions))
			}
			if err := c.Action.WaitFor(ctx, made.Actions...); err != nil {
				return nil, err
			}
			seen, _, err := c.Firewall.GetByID(ctx, firewall.ID)
			if err != nil {
				return nil, err
			}
			return same(object{
				"status": answer.StatusCode, "name": seen.Name, "labels": seen.Labels, "applied": len(seen.AppliedTo), "rules": len(seen.Rules), "sources": fmt.Sprint(seen.Rules[0].SourceIPs), "port": *seen.Rules[0].Port,
				"icmp": seen.Rules[1].Port == nil, "words": *seen.Rules[1].Description, "out": seen.Rules[2].Direction, "ports": *seen.Rules[2].Port, "destinations": len(seen.Rules[2].DestinationIPs), "protocol": seen.Rules[2].Protocol,
			}, object{
				"status": 201, "name": "prod", "labels": object{"stack": "prod"}, "applied": 0, "rules": 3, "sources": "[{198.51.100.7 ffffffff} {2001:db8:: ffffffffffffffff0000000000000000}]", "port": "22",
				"icmp": true, "words": "ping", "out": "out", "ports": "1024-5000", "destinations": 1, "protocol": "udp",
			})
		}},
		{"an IPv6 network comes back in its shortest form", func(ctx context.Context) (any, error) {
			answer, _, err := raw(ctx, c, "POST", "/firewalls", object{"name": "six", "rules": []object{rule(from("2001:0DB8:0:0:0::/64"))}})
			if err != nil {
				return nil, err
			}
			seen := answer["firewall"].(object)
			if _, err := c.Firewall.Delete(ctx, &hcloud.Firewall{ID: int64(seen["id"].(float64))}); err != nil {
				return nil, err
			}
			return same(object{"sources": seen["rules"].([]any)[0].(object)["source_ips"]}, object{"sources": []string{"2001:db8::/64"}})
		}},
		refuses("IPv4 bits beside the prefix are refused", from("10.0.0.1/24")),
		refuses("IPv6 bits beside the prefix are refused", from("2001:db8::1/64")),
		refuses("an address without a prefix is refused", from("0.0.0.0")),
		refuses("an IPv4 prefix of 33 bits is refused", from("10.0.0.1/33")),
		refuses("an IPv6 prefix of 129 bits is refused", from("::1/129")),
		refuses("a prefix that is no number is refused", from("0.0.0.0/x")),
		refuses("a second slash is refused", from("10.0.0.0/8/8")),
		refuses("an address with a zone of its own is refused", from("fe80::%eth0/64")),
		refuses("what is no address is refused", from("10.0.0.0/8", "example.com/24")),
		refuses("an unknown direction is refused", object{"direction": "both"}),
		refuses("an unknown protocol is refused", object{"protocol": "sctp", "port": nil}),
		refuses("a port of ICMP is refused", object{"protocol": "icmp"}),
		refuses("TCP without a port is refused", object{"port": nil}),
		refuses("port 0 is refused", object{"port": "0"}),
		refuses("port 65536 is refused", object{"port": "65536"}),
		refuses("ports in the wrong order are refused", object{"port": "20-10"}),
		refuses("a port that is a number is refused", object{"port": 22}),
		refuses("a description of 256 characters is refused", object{"description": strings.Repeat("x", 256)}),
		refuses("an inbound rule without sources is refused", object{"source_ips": []string{}}),
		refuses("an outbound rule without destinations is refused", object{"direction": "out"}),
		refuses("101 networks are refused", addresses(101)),
		refusal(c, "51 rules are refused", "POST", "/firewalls", object{"name": "x", "rules": many(51, rule(nil))}, 422, "invalid_input", "rules"),
		taken("50 rules, 100 networks and 255 characters are taken", append(many(49, rule(object{"description": strings.Repeat("x", 255)})), rule(addresses(100))), func(seen *hcloud.Firewall) (any, error) {
			return same(object{"rules": len(seen.Rules), "networks": len(seen.Rules[49].SourceIPs)}, object{"rules": 50, "networks": 100})
		}),
		taken("esp and gre are taken, and the last port", []object{rule(object{"protocol": "esp", "port": nil}), rule(object{"protocol": "gre", "port": nil}), rule(object{"protocol": "udp", "port": "1-65535"})}, fine),
		refusal(c, "a name of 129 characters is refused", "POST", "/firewalls", object{"name": strings.Repeat("x", 129)}, 422, "invalid_input", "name"),
		refusal(c, "a name that is taken is refused", "POST", "/firewalls", object{"name": "prod"}, 409, "uniqueness_error", "name"),
		refusal(c, "a label that is none is refused", "POST", "/firewalls", object{"name": "x", "labels": object{"-": ""}}, 422, "invalid_input", "labels"),
		refusal(c, "rules that are no list are refused", "POST", "/firewalls", object{"name": "x", "rules": "all"}, 422, "invalid_input", "rules"),
		{"a firewall without rules has a name of 128 characters", func(ctx context.Context) (any, error) {
			made, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: strings.Repeat("x", 128)})
			if err != nil {
				return nil, err
			}
			_, err = c.Firewall.Delete(ctx, made.Firewall)
			return nil, err
		}},
		{"firewalls are found by name and labels, and sorted by their time", func(ctx context.Context) (any, error) {
			byName, _, err := c.Firewall.GetByName(ctx, "prod")
			if err != nil {
				return nil, err
			}
			none, err := c.Firewall.AllWithOpts(ctx, hcloud.FirewallListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack=other"}, Sort: []string{"created:desc"}})
			if err != nil {
				return nil, err
			}
			other, _, err := c.Firewall.GetByName(ctx, "other")
			if err != nil {
				return nil, err
			}
			return same(object{"name": byName.ID == firewall.ID, "none": len(none), "other": other == nil}, object{"name": true, "none": 0, "other": true})
		}},
		{"a firewall is put on a server, and is pending until it is applied", func(ctx context.Context) (any, error) {
			var err error
			if server, err = bare(ctx, c, "walled", map[string]string{"wall": "yes"}); err != nil {
				return nil, err
			}
			actions, answer, err := c.Firewall.ApplyResources(ctx, firewall, onServer())
			if err != nil {
				return nil, err
			}
			first := statusOf(ctx, firewall.ID)
			if err := c.Action.WaitFor(ctx, actions...); err != nil {
				return nil, err
			}
			if err := until("applied", func() (bool, error) { return statusOf(ctx, firewall.ID) == "applied", nil }); err != nil {
				return nil, err
			}
			seen, _, err := c.Firewall.GetByID(ctx, firewall.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "first": first, "actions": commandsOf(actions), "applied": len(seen.AppliedTo), "type": seen.AppliedTo[0].Type, "server": seen.AppliedTo[0].Server.ID == server.ID},
				object{"status": 201, "first": "pending", "actions": "apply_firewall firewall server", "applied": 1, "type": "server", "server": true})
		}},
		{"a firewall that is on a server is not put on it again", func(ctx context.Context) (any, error) {
			_, _, err := c.Firewall.ApplyResources(ctx, firewall, onServer())
			return refused(err, 422, "firewall_already_applied")
		}},
		{"a firewall is not put on a server that is not there", func(ctx context.Context) (any, error) {
			_, _, err := c.Firewall.ApplyResources(ctx, firewall, []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: 1}}})
			return refused(err, 404, "firewall_resource_not_found")
		}},
		{"a firewall is put on nothing but servers and selectors", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", fmt.Sprintf("/firewalls/%d/actions/apply_to_resources", firewall.ID), object{"apply_to": []object{{"type": "network"}}})
			return refused(err, 422, "invalid_input", "apply_to")
		}},
		{"new rules take the place of all, and are applied where the firewall is", func(ctx context.Context) (any, error) {
			actions, _, err := c.Firewall.SetRules(ctx, firewall, hcloud.FirewallSetRulesOpts{Rules: []hcloud.FirewallRule{inRule("443", "0.0.0.0/0", "::/0")}})
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, actions...); err != nil {
				return nil, err
			}
			seen, _, err := c.Firewall.GetByID(ctx, firewall.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"actions": commandsOf(actions), "rules": len(seen.Rules), "port": *seen.Rules[0].Port}, object{"actions": "set_firewall_rules firewall, apply_firewall firewall server", "rules": 1, "port": "443"})
		}},
		{"rules that are not there are not set", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", fmt.Sprintf("/firewalls/%d/actions/set_rules", firewall.ID), object{})
			return refused(err, 422, "invalid_input", "rules")
		}},
		{"a firewall in use is not deleted", func(ctx context.Context) (any, error) {
			_, err := c.Firewall.Delete(ctx, firewall)
			return refused(err, 422, "resource_in_use")
		}},
		{"a firewall is taken from a server, and a second time without a word", func(ctx context.Context) (any, error) {
			actions, _, err := c.Firewall.RemoveResources(ctx, firewall, onServer())
			if err != nil {
				return nil, err
			}
			again, _, err := c.Firewall.RemoveResources(ctx, firewall, onServer())
			if err != nil {
				return nil, err
			}
			return same(object{"actions": commandsOf(actions), "again": len(again), "status": statusOf(ctx, firewall.ID)}, object{"actions": "remove_firewall firewall server", "again": 0, "status": "none"})
		}},
		{"a selector puts a firewall on what it selects", func(ctx context.Context) (any, error) {
			made, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "selecting", ApplyTo: bySelector("wall=yes")})
			if err != nil {
				return nil, err
			}
			selecting = made.Firewall
			seen, _, err := c.Firewall.GetByID(ctx, selecting.ID)
			if err != nil {
				return nil, err
			}
			applied := seen.AppliedTo[0]
			return same(object{"actions": commandsOf(made.Actions), "applied": len(seen.AppliedTo), "type": applied.Type, "selector": applied.LabelSelector.Selector, "servers": len(applied.AppliedToResources)},
				object{"actions": "set_firewall_rules firewall, apply_firewall firewall server", "applied": 1, "type": "label_selector", "selector": "wall=yes", "servers": 1})
		}},
		{"what is no selector is refused before anything is made", func(ctx context.Context) (any, error) {
			_, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "unmade", ApplyTo: bySelector("a b")})
			if seen, err := refused(err, 422, "invalid_input"); err != nil {
				return seen, err
			}
			found, _, err := c.Firewall.GetByName(ctx, "unmade")
			if err != nil {
				return nil, err
			}
			return same(object{"made": found != nil}, object{"made": false})
		}},
		refusal(c, "a selector that is missing is refused", "POST", "/firewalls", object{"name": "x", "apply_to": []object{{"type": "label_selector"}}}, 422, "invalid_input", "apply_to"),
		{"a firewall that a selector manages is not taken from its server", func(ctx context.Context) (any, error) {
			_, _, err := c.Firewall.RemoveResources(ctx, selecting, onServer())
			return refused(err, 422, "firewall_managed_by_label_selector")
		}},
		{"without its selector a firewall can be taken from its server", func(ctx context.Context) (any, error) {
			if _, _, err := c.Firewall.RemoveResources(ctx, selecting, bySelector("wall=yes")); err != nil {
				return nil, err
			}
			_, _, err := c.Firewall.RemoveResources(ctx, selecting, onServer())
			return nil, err
		}},
		{"a server has five firewalls at the most", func(ctx context.Context) (any, error) {
			for index := range 6 {
				made, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: fmt.Sprintf("many-%d", index)})
				if err != nil {
					return nil, err
				}
				_, _, err = c.Firewall.ApplyResources(ctx, made.Firewall, onServer())
				if index < 5 && err != nil {
					return nil, err
				}
				if index == 5 {
					return refused(err, 422, "invalid_input")
				}
			}
			return nil, nil
		}},
		{"a firewall is renamed, and not to another's name", func(ctx context.Context) (any, error) {
			if _, _, err := c.Firewall.Update(ctx, firewall, hcloud.FirewallUpdateOpts{Name: "renamed"}); err != nil {
				return nil, err
			}
			_, _, err := c.Firewall.Update(ctx, firewall, hcloud.FirewallUpdateOpts{Name: "selecting"})
			return refused(err, 409, "uniqueness_error", "name")
		}},
		{"a firewall that nothing uses is deleted", func(ctx context.Context) (any, error) {
			answer, err := c.Firewall.Delete(ctx, firewall)
			if err != nil {
				return nil, err
			}
			left, _, err := c.Firewall.GetByID(ctx, firewall.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "left": left != nil}, object{"status": 204, "left": false})
		}},
		{"what is unknown is not done to a firewall", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", fmt.Sprintf("/firewalls/%d/actions/open_all", selecting.ID), nil)
			return refused(err, 404, "not_found")
		}},
	}
}
