package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// addresses is primary IPs: made, given to servers, protected, taken away.
func addresses(c, _ *hcloud.Client) []step {
	var four, six, elsewhere *hcloud.PrimaryIP
	var server *hcloud.Server
	create := func(ctx context.Context, name string, kind hcloud.PrimaryIPType, where string) (*hcloud.PrimaryIP, error) {
		made, _, err := c.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: name, Type: kind, Location: where, Labels: map[string]string{"stack": name}})
		if err != nil {
			return nil, err
		}
		return made.PrimaryIP, nil
	}
	refuses := func(name string, body object, fields ...string) step {
		return refusal(c, name, "POST", "/primary_ips", body, 422, "invalid_input", fields...)
	}
	assign := func(ctx context.Context, address *hcloud.PrimaryIP, id int64) (*hcloud.Action, error) {
		action, _, err := c.PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: address.ID, AssigneeID: id, AssigneeType: "server"})
		return action, err
	}
	power := func(ctx context.Context, do func(context.Context, *hcloud.Server) (*hcloud.Action, *hcloud.Response, error)) error {
		action, _, err := do(ctx, server)
		if err != nil {
			return err
		}
		return c.Action.WaitFor(ctx, action)
	}
	protect := func(ctx context.Context, address *hcloud.PrimaryIP, on bool) (*hcloud.Action, error) {
		action, _, err := c.PrimaryIP.ChangeProtection(ctx, hcloud.PrimaryIPChangeProtectionOpts{ID: address.ID, Delete: on})
		return action, err
	}
	return []step{
		{"an IPv4 address is made, free and kept", func(ctx context.Context) (any, error) {
			var err error
			if four, err = create(ctx, "four", hcloud.PrimaryIPTypeIPv4, "nbg1"); err != nil {
				return nil, err
			}
			pointer, _ := four.GetDNSPtrForIP(four.IP)
			return same(object{"four": four.IP.To4() != nil, "network": four.Network == nil, "location": four.Location.Name, "assignee": four.AssigneeID, "type": four.AssigneeType, "auto": four.AutoDelete, "protected": four.Protection.Delete, "labels": four.Labels, "blocked": four.Blocked, "pointer": pointer != ""},
				object{"four": true, "network": true, "location": "nbg1", "assignee": 0, "type": "unassigned", "auto": false, "protected": false, "labels": object{"stack": "four"}, "blocked": false, "pointer": true})
		}},
		{"an IPv6 address is a network of 64 bits", func(ctx context.Context) (any, error) {
			var err error
			// By its number, as this client sends a location that it knows by id.
			if six, err = create(ctx, "six", hcloud.PrimaryIPTypeIPv6, "2"); err != nil {
				return nil, err
			}
			ones, _ := six.Network.Mask.Size()
			return same(object{"bits": ones, "bare": six.IP.Equal(six.Network.IP), "location": six.Location.Name}, object{"bits": 64, "bare": true, "location": "nbg1"})
		}},
		{"each address is another one", func(ctx context.Context) (any, error) {
			var err error
			if elsewhere, err = create(ctx, "elsewhere", hcloud.PrimaryIPTypeIPv4, "hel1"); err != nil {
				return nil, err
			}
			return same(object{"same": elsewhere.IP.Equal(four.IP), "id": elsewhere.ID == four.ID}, object{"same": false, "id": false})
		}},
		refusal(c, "a name that is taken is refused", "POST", "/primary_ips", object{"name": "four", "type": "ipv6", "location": "nbg1"}, 409, "uniqueness_error", "name"),
		refuses("an address without a name is refused", object{"type": "ipv4", "location": "nbg1"}, "name"),
		refuses("an unknown family is refused", object{"name": "x", "type": "ipv5", "location": "nbg1"}, "type"),
		refuses("an unknown location is refused", object{"name": "x", "type": "ipv4", "location": "nowhere"}, "location"),
		refuses("an address without location and server is refused", object{"name": "x", "type": "ipv4"}, "location"),
		refuses("an address with both location and server is refused", object{"name": "x", "type": "ipv4", "location": "nbg1", "assignee_id": 1}, "location"),
		refuses("a datacenter is refused", object{"name": "x", "type": "ipv4", "location": "nbg1", "datacenter": "nbg1-dc3"}, "datacenter"),
		refuses("auto_delete is true or false", object{"name": "x", "type": "ipv4", "location": "nbg1", "auto_delete": "yes"}, "auto_delete"),
		refuses("a label that is none is refused", object{"name": "x", "type": "ipv4", "location": "nbg1", "labels": object{"-": ""}}, "labels"),
		{"addresses are found by name, address and labels", func(ctx context.Context) (any, error) {
			byName, _, err := c.PrimaryIP.GetByName(ctx, "six")
			if err != nil {
				return nil, err
			}
			byIP, _, err := c.PrimaryIP.GetByIP(ctx, four.IP.String())
			if err != nil {
				return nil, err
			}
			bySix, _, err := c.PrimaryIP.GetByIP(ctx, six.IP.String())
			if err != nil {
				return nil, err
			}
			byNetwork, _, err := c.PrimaryIP.GetByIP(ctx, six.Network.String())
			if err != nil {
				return nil, err
			}
			byLabel, err := c.PrimaryIP.AllWithOpts(ctx, hcloud.PrimaryIPListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack=six"}, Sort: []string{"created", "id:desc"}})
			if err != nil {
				return nil, err
			}
			return same(object{"name": byName.ID == six.ID, "ip": byIP.ID == four.ID, "six": bySix.ID == six.ID, "network": byNetwork.ID == six.ID, "labels": len(byLabel)},
				object{"name": true, "ip": true, "six": true, "network": true, "labels": 1})
		}},
		refusal(c, "addresses are not sorted by their name", "GET", "/primary_ips?sort=name", nil, 422, "invalid_input", "sort"),
		{"protection is on at once, and a protected address is not deleted", func(ctx context.Context) (any, error) {
			action, err := protect(ctx, four, true)
			if err != nil {
				return nil, err
			}
			if _, err := same(object{"command": action.Command, "status": action.Status, "about": resourcesOf(action)}, object{"command": "change_protection", "status": "success", "about": "primary_ip"}); err != nil {
				return nil, err
			}
			_, err = c.PrimaryIP.Delete(ctx, four)
			return refused(err, 423, "protected")
		}},
		{"an address that goes with its server is not protected", func(ctx context.Context) (any, error) {
			seen, _, err := c.PrimaryIP.Update(ctx, elsewhere, hcloud.PrimaryIPUpdateOpts{AutoDelete: hcloud.Ptr(true)})
			if err != nil {
				return nil, err
			}
			if !seen.AutoDelete {
				return nil, fmt.Errorf("it does not go with its server")
			}
			_, err = protect(ctx, elsewhere, true)
			return refused(err, 422, "invalid_input", "delete")
		}},
		{"an address is renamed and labelled, and keeps the rest", func(ctx context.Context) (any, error) {
			seen, _, err := c.PrimaryIP.Update(ctx, elsewhere, hcloud.PrimaryIPUpdateOpts{Name: "far", Labels: &map[string]string{"a": "b"}})
			if err != nil {
				return nil, err
			}
			return same(object{"name": seen.Name, "labels": seen.Labels, "auto": seen.AutoDelete}, object{"name": "far", "labels": object{"a": "b"}, "auto": true})
		}},
		{"an address is not given another's name", func(ctx context.Context) (any, error) {
			_, _, err := c.PrimaryIP.Update(ctx, elsewhere, hcloud.PrimaryIPUpdateOpts{Name: "four"})
			return refused(err, 409, "uniqueness_error", "name")
		}},
		{"an address is given to a stopped server", func(ctx context.Context) (any, error) {
			var err error
			if server, err = bare(ctx, c, "host", nil); err != nil {
				return nil, err
			}
			action, err := assign(ctx, four, server.ID)
			if err != nil {
				return nil, err
			}
			_, _, busy := c.PrimaryIP.Update(ctx, four, hcloud.PrimaryIPUpdateOpts{AutoDelete: hcloud.Ptr(false)})
			if seen, err := refused(busy, 409, "conflict"); err != nil {
				return seen, err
			}
			if err := c.Action.WaitFor(ctx, action); err != nil {
				return nil, err
			}
			seen, _, err := c.PrimaryIP.GetByID(ctx, four.ID)
			if err != nil {
				return nil, err
			}
			host, _, err := c.Server.GetByID(ctx, server.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"command": action.Command, "about": resourcesOf(action), "assignee": seen.AssigneeID == server.ID, "type": seen.AssigneeType, "server": host.PublicNet.IPv4.ID == four.ID, "ip": host.PublicNet.IPv4.IP.Equal(four.IP)},
				object{"command": "assign_primary_ip", "about": "primary_ip server", "assignee": true, "type": "server", "server": true, "ip": true})
		}},
		{"an address that is given is not given again", func(ctx context.Context) (any, error) {
			_, err := assign(ctx, four, server.ID)
			return refused(err, 422, "primary_ip_already_assigned")
		}},
		{"a server has one address of a family", func(ctx context.Context) (any, error) {
			second, err := create(ctx, "second", hcloud.PrimaryIPTypeIPv4, "nbg1")
			if err != nil {
				return nil, err
			}
			_, err = assign(ctx, second, server.ID)
			return refused(err, 422, "server_has_ipv4")
		}},
		{"an address of another location is refused", func(ctx context.Context) (any, error) {
			far, err := create(ctx, "far6", hcloud.PrimaryIPTypeIPv6, "hel1")
			if err != nil {
				return nil, err
			}
			_, err = assign(ctx, far, server.ID)
			return refused(err, 422, "primary_ip_datacenter_mismatch")
		}},
		{"an address is not given to a server that is not there", func(ctx context.Context) (any, error) {
			_, err := assign(ctx, six, 1)
			return refused(err, 404, "not_found")
		}},
		{"an address is given to nothing but servers", func(ctx context.Context) (any, error) {
			_, _, err := c.PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: six.ID, AssigneeID: server.ID, AssigneeType: "volume"})
			return refused(err, 422, "invalid_input", "assignee_type")
		}},
		{"an address that is given is not deleted", func(ctx context.Context) (any, error) {
			if _, err := protect(ctx, four, false); err != nil {
				return nil, err
			}
			_, err := c.PrimaryIP.Delete(ctx, four)
			return refused(err, 422, "must_be_unassigned")
		}},
		{"an address is made for a stopped server where that stands", func(ctx context.Context) (any, error) {
			made, answer, err := c.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: "with", Type: hcloud.PrimaryIPTypeIPv6, AssigneeID: &server.ID, AssigneeType: "server"})
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "command": made.Action.Command, "assignee": made.PrimaryIP.AssigneeID == server.ID, "location": made.PrimaryIP.Location.Name},
				object{"status": 201, "command": "assign_primary_ip", "assignee": true, "location": "nbg1"})
		}},
		{"an address of a running server is neither given nor taken", func(ctx context.Context) (any, error) {
			if err := power(ctx, c.Server.Poweron); err != nil {
				return nil, err
			}
			if _, err := assign(ctx, six, server.ID); err == nil {
				return nil, fmt.Errorf("it was given")
			} else if seen, err := refused(err, 422, "server_not_stopped"); err != nil {
				return seen, err
			}
			_, _, err := c.PrimaryIP.Unassign(ctx, four.ID)
			return refused(err, 422, "server_not_stopped")
		}},
		{"an address is taken from a stopped server", func(ctx context.Context) (any, error) {
			if err := power(ctx, c.Server.Poweroff); err != nil {
				return nil, err
			}
			action, _, err := c.PrimaryIP.Unassign(ctx, four.ID)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, action); err != nil {
				return nil, err
			}
			host, _, err := c.Server.GetByID(ctx, server.ID)
			if err != nil {
				return nil, err
			}
			seen, _, err := c.PrimaryIP.GetByID(ctx, four.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"command": action.Command, "about": resourcesOf(action), "server": host.PublicNet.IPv4.ID, "assignee": seen.AssigneeID, "type": seen.AssigneeType},
				object{"command": "unassign_primary_ip", "about": "primary_ip server", "server": 0, "assignee": 0, "type": "unassigned"})
		}},
		{"an address that is free is not taken from anything", func(ctx context.Context) (any, error) {
			_, _, err := c.PrimaryIP.Unassign(ctx, four.ID)
			return refused(err, 422, "must_be_assigned")
		}},
		{"an address whose server is gone is in use for a while", func(ctx context.Context) (any, error) {
			action, err := assign(ctx, four, server.ID)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, action); err != nil {
				return nil, err
			}
			gone, _, err := c.Server.DeleteWithResult(ctx, server)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, gone.Action); err != nil {
				return nil, err
			}
			free, _, err := c.PrimaryIP.GetByID(ctx, four.ID)
			if err != nil {
				return nil, err
			}
			if free.AssigneeID != 0 {
				return nil, fmt.Errorf("its server is still %d", free.AssigneeID)
			}
			_, first := c.PrimaryIP.Delete(ctx, four)
			if seen, err := refused(first, 422, "must_be_unassigned"); err != nil {
				return seen, err
			}
			return nil, until("the address can be deleted", func() (bool, error) {
				answer, err := c.PrimaryIP.Delete(ctx, four)
				if err == nil && answer.StatusCode != 204 {
					return false, fmt.Errorf("status %d", answer.StatusCode)
				}
				return err == nil, nil
			})
		}},
		{"an address that is gone is not found", func(ctx context.Context) (any, error) {
			time.Sleep(5 * time.Millisecond)
			_, err := c.PrimaryIP.Delete(ctx, four)
			return refused(err, 404, "not_found")
		}},
	}
}
