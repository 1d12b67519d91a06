package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// servers is a server's order, its life, and what becomes of what it had. `cax21` is sold out, and `cpx11` in nbg1.
func servers(c, _ *hcloud.Client) []step {
	var key *hcloud.SSHKey
	var firewall *hcloud.Firewall
	var four, six, far *hcloud.PrimaryIP
	var server, second *hcloud.Server
	var created []*hcloud.Action
	address := func(ctx context.Context, name string, kind hcloud.PrimaryIPType, where string) *hcloud.PrimaryIP {
		made, _, err := c.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: name, Type: kind, Location: where})
		if err != nil {
			panic(err)
		}
		return made.PrimaryIP
	}
	order := func(changes object) object {
		whole := object{"name": "x", "server_type": "cax11", "image": "ubuntu-24.04", "location": "nbg1"}
		for name, value := range changes {
			whole[name] = value
		}
		return whole
	}
	refuses := func(name string, changes object, fields ...string) step {
		return refusal(c, name, "POST", "/servers", order(changes), 422, "invalid_input", fields...)
	}
	with := func(name string, changes func() object, status int, code string, fields ...string) step {
		return step{name, func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", "/servers", order(changes()))
			return refused(err, status, code, fields...)
		}}
	}
	read := func(ctx context.Context) *hcloud.Server {
		seen, _, err := c.Server.GetByID(ctx, server.ID)
		if err != nil {
			panic(err)
		}
		return seen
	}
	// act does something with the server, and says its status before, while and after.
	act := func(do func(context.Context, *hcloud.Server) (*hcloud.Action, *hcloud.Response, error), wanted object) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) {
			action, answer, err := do(ctx, server)
			if err != nil {
				return nil, err
			}
			seen := object{"status": answer.StatusCode, "command": action.Command, "about": resourcesOf(action), "first": action.Status, "while": read(ctx).Status}
			if err := c.Action.WaitFor(ctx, action); err != nil {
				return nil, err
			}
			seen["after"] = read(ctx).Status
			return same(seen, wanted)
		}
	}
	acted := func(command, while, after string) object {
		return object{"status": 201, "command": command, "about": "server", "first": "running", "while": while, "after": after}
	}
	return []step{
		{"a server is ordered with all that it needs", func(ctx context.Context) (any, error) {
			var err error
			if key, _, err = c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "prod", PublicKey: publicKey}); err != nil {
				return nil, err
			}
			walls, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "prod"})
			if err != nil {
				return nil, err
			}
			firewall = walls.Firewall
			selecting, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "selecting", ApplyTo: []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeLabelSelector, LabelSelector: &hcloud.FirewallResourceLabelSelector{Selector: "stack=prod"}}}})
			if err != nil {
				return nil, err
			}
			four, six, far = address(ctx, "four", "ipv4", "nbg1"), address(ctx, "six", "ipv6", "nbg1"), address(ctx, "far", "ipv4", "hel1")
			made, answer, err := c.Server.Create(ctx, hcloud.ServerCreateOpts{
				Name: "prod", ServerType: &hcloud.ServerType{ID: 45}, Image: &hcloud.Image{ID: 161547270}, Location: &hcloud.Location{ID: 2},
				SSHKeys: []*hcloud.SSHKey{key}, UserData: strings.Repeat("#", 32*1024), Labels: map[string]string{"stack": "prod"},
				Firewalls: []*hcloud.ServerCreateFirewall{{Firewall: *firewall}},
				PublicNet: &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true, IPv4: four, IPv6: six},
			})
			if err != nil {
				return nil, err
			}
			server, created = made.Server, append(made.NextActions, made.Action)
			walled := object{}
			for _, one := range server.PublicNet.Firewalls {
				walled[fmt.Sprint(one.Firewall.ID)] = one.Status
			}
			return same(object{
				"status": answer.StatusCode, "first": server.Status, "name": server.Name, "labels": server.Labels, "type": server.ServerType.Name, "image": *hcloud.Ptr(server.Image.Architecture), "location": server.Location.Name,
				"ipv4": server.PublicNet.IPv4.IP.Equal(four.IP), "ipv6": server.PublicNet.IPv6.Network.String() == six.Network.String(), "firewalls": walled, "password": made.RootPassword,
				"action": commandsOf([]*hcloud.Action{made.Action}), "next": commandsOf(made.NextActions), "running": made.Action.Status, "progress": made.Action.Progress < 100, "finished": made.Action.Finished.IsZero(),
				"protected": server.Protection.Delete, "locked": server.Locked, "disk": server.PrimaryDiskSize, "private": len(server.PrivateNet),
			}, object{
				"status": 201, "first": "initializing", "name": "prod", "labels": object{"stack": "prod"}, "type": "cax11", "image": "arm", "location": "nbg1",
				"ipv4": true, "ipv6": true, "firewalls": object{fmt.Sprint(firewall.ID): "pending", fmt.Sprint(selecting.Firewall.ID): "pending"}, "password": "",
				"action": "create_server server", "next": "start_server server", "running": "running", "progress": true, "finished": true,
				"protected": false, "locked": false, "disk": 40, "private": 0,
			})
		}},
		{"a server is created, then started, and runs when both are done", func(ctx context.Context) (any, error) {
			seen := object{"create": []any{}}
			if err := c.Action.WaitFor(ctx, created[1]); err != nil {
				return nil, err
			}
			seen["created"] = read(ctx).Status
			if err := c.Action.WaitFor(ctx, created...); err != nil {
				return nil, err
			}
			done, _, err := c.Action.GetByID(ctx, created[1].ID)
			if err != nil {
				return nil, err
			}
			return same(object{"created": seen["created"], "status": read(ctx).Status, "progress": done.Progress, "action": done.Status, "finished": done.Finished.IsZero()},
				object{"created": "starting", "status": "running", "progress": 100, "action": "success", "finished": false})
		}},
		{"a firewall that was given at creation is applied after a while", func(ctx context.Context) (any, error) {
			return nil, until("applied", func() (bool, error) {
				return read(ctx).PublicNet.Firewalls[0].Status == hcloud.FirewallStatusApplied, nil
			})
		}},
		{"user data never comes back", func(ctx context.Context) (any, error) {
			seen, _, err := raw(ctx, c, "GET", fmt.Sprintf("/servers/%d", server.ID), nil)
			if err != nil {
				return nil, err
			}
			text, err := json.Marshal(seen)
			if err != nil {
				return nil, err
			}
			if strings.Contains(string(text), "####") {
				return nil, errors.New("user data came back")
			}
			return nil, nil
		}},
		{"a server's actions are listed, by status too, and read one by one", func(ctx context.Context) (any, error) {
			all, err := c.Server.Action.AllFor(ctx, server, hcloud.ActionListOpts{Sort: []string{"command"}})
			if err != nil {
				return nil, err
			}
			running, err := c.Server.Action.AllFor(ctx, server, hcloud.ActionListOpts{Status: []hcloud.ActionStatus{hcloud.ActionStatusRunning}})
			if err != nil {
				return nil, err
			}
			one, _, err := c.Server.Action.GetByID(ctx, created[0].ID)
			if err != nil {
				return nil, err
			}
			below, _, err := raw(ctx, c, "GET", fmt.Sprintf("/servers/%d/actions/%d", server.ID, created[0].ID), nil)
			if err != nil {
				return nil, err
			}
			return same(object{"all": commandsOf(all), "running": len(running), "one": one.Command, "below": below["action"].(object)["command"]}, object{"all": "create_server server, start_server server", "running": 0, "one": "start_server", "below": "start_server"})
		}},
		{"another's action is not below a server", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "GET", fmt.Sprintf("/servers/%d/actions/1", server.ID), nil)
			return refused(err, 404, "not_found")
		}},
		{"several actions are read at once", func(ctx context.Context) (any, error) {
			found, _, err := raw(ctx, c, "GET", fmt.Sprintf("/actions?id=%d&id=%d&id=1", created[0].ID, created[1].ID), nil)
			if err != nil {
				return nil, err
			}
			_, hasMeta := found["meta"]
			return same(object{"found": len(found["actions"].([]any)), "meta": hasMeta}, object{"found": 2, "meta": false})
		}},
		refuses("a name with an underscore is refused", object{"name": "a_b"}, "name"),
		refuses("a server without a name is refused", object{"name": nil}, "name"),
		refuses("a server without a type is refused", object{"server_type": nil}, "server_type"),
		refuses("a server without an image is refused", object{"image": nil}, "image"),
		refuses("an unknown type is refused", object{"server_type": "cx999"}, "server_type"),
		refuses("an unknown image is refused", object{"image": "plan-9"}, "image"),
		refuses("an unknown location is refused", object{"location": "nowhere"}, "location"),
		refuses("an image of another architecture is refused", object{"image": 161547269}, "image"),
		refuses("a datacenter is refused", object{"datacenter": "nbg1-dc3"}, "datacenter"),
		refuses("a type is refused where it is not offered", object{"location": "ash"}, "server_type"),
		refuses("a retired type is refused", object{"server_type": "cx11", "image": "debian-13"}, "server_type"),
		refuses("user data of more than 32 KiB is refused", object{"user_data": strings.Repeat("ä", 16*1024) + "x"}, "user_data"),
		refuses("a label that is none is refused", object{"labels": object{"-": ""}}, "labels"),
		refuses("an unknown SSH key is refused", object{"ssh_keys": []any{"nobody"}}, "ssh_keys"),
		refuses("an unknown firewall is refused", object{"firewalls": []object{{"firewall": 1}}}, "firewalls"),
		refuses("an unknown address is refused", object{"public_net": object{"ipv4": 1}}, "public_net.ipv4"),
		refuses("a server without any address is not started", object{"public_net": object{"enable_ipv4": false, "enable_ipv6": false}}, "public_net"),
		refusal(c, "a type that is sold out is refused", "POST", "/servers", order(object{"server_type": "cax21"}), 412, "resource_unavailable"),
		refusal(c, "a type that is sold out in one location is refused there", "POST", "/servers", order(object{"server_type": "cpx11"}), 412, "resource_unavailable"),
		refusal(c, "a name that is taken is refused", "POST", "/servers", order(object{"name": "prod"}), 409, "uniqueness_error", "name"),
		with("an IPv4 address in place of an IPv6 one is refused", func() object { return object{"public_net": object{"ipv6": four.ID}} }, 412, "primary_ip_version_mismatch"),
		with("an address that another server has is refused", func() object { return object{"public_net": object{"ipv4": four.ID}} }, 422, "primary_ip_assigned"),
		with("an address of another location is refused", func() object { return object{"public_net": object{"ipv4": far.ID}} }, 422, "primary_ip_datacenter_mismatch"),
		{"a sixth firewall is refused", func(ctx context.Context) (any, error) {
			var ids []object
			for index := range 6 {
				made, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: fmt.Sprintf("f%d", index)})
				if err != nil {
					return nil, err
				}
				ids = append(ids, object{"firewall": made.Firewall.ID})
			}
			_, _, err := raw(ctx, c, "POST", "/servers", order(object{"firewalls": ids}))
			return refused(err, 422, "invalid_input", "firewalls")
		}},
		{"a server stands where its address is, and its missing address is made", func(ctx context.Context) (any, error) {
			made, _, err := c.Server.Create(ctx, hcloud.ServerCreateOpts{Name: "second", ServerType: &hcloud.ServerType{Name: "cax11"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}, PublicNet: &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true, IPv4: far}})
			if err != nil {
				return nil, err
			}
			second = made.Server
			if err := c.Action.WaitFor(ctx, append(made.NextActions, made.Action)...); err != nil {
				return nil, err
			}
			fresh, _, err := c.PrimaryIP.GetByID(ctx, second.PublicNet.IPv6.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"location": second.Location.Name, "auto": fresh.AutoDelete, "where": fresh.Location.Name, "assignee": fresh.AssigneeID == second.ID, "password": made.RootPassword != ""},
				object{"location": "hel1", "auto": true, "where": "hel1", "assignee": true, "password": true})
		}},
		{"a server without an address is created and not started", func(ctx context.Context) (any, error) {
			made, err := bare(ctx, c, "bare", nil)
			if err != nil {
				return nil, err
			}
			seen, _, err := c.Server.GetByID(ctx, made.ID)
			if err != nil {
				return nil, err
			}
			all, err := c.Server.Action.AllFor(ctx, made, hcloud.ActionListOpts{})
			if err != nil {
				return nil, err
			}
			return same(object{"status": seen.Status, "ipv4": seen.PublicNet.IPv4.IsUnspecified(), "ipv6": seen.PublicNet.IPv6.IsUnspecified(), "actions": commandsOf(all)}, object{"status": "off", "ipv4": true, "ipv6": true, "actions": "create_server server"})
		}},
		{"a server without a location stands where its type can be had", func(ctx context.Context) (any, error) {
			answer, _, err := raw(ctx, c, "POST", "/servers", object{"name": "anywhere", "server_type": "cpx11", "image": "debian-13", "start_after_create": false, "public_net": object{"enable_ipv4": false, "enable_ipv6": false}})
			if err != nil {
				return nil, err
			}
			return same(object{"location": answer["server"].(object)["location"].(object)["name"]}, object{"location": "fsn1"})
		}},
		unwatched(c),
		{"servers are found by name, status and labels, and sorted by name", func(ctx context.Context) (any, error) {
			list := func(opts hcloud.ServerListOpts) string {
				found, err := c.Server.AllWithOpts(ctx, opts)
				if err != nil {
					return err.Error()
				}
				var names []string
				for _, one := range found {
					names = append(names, one.Name)
				}
				return strings.Join(names, " ")
			}
			return same(object{
				"name": list(hcloud.ServerListOpts{Name: "prod"}), "labels": list(hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack=prod"}}),
				"running": list(hcloud.ServerListOpts{Status: []hcloud.ServerStatus{"running"}, Sort: []string{"name:desc"}}), "either": list(hcloud.ServerListOpts{Status: []hcloud.ServerStatus{"running", "off"}, Sort: []string{"name"}}),
			}, object{"name": "prod", "labels": "prod", "running": "second prod", "either": "anywhere bare prod second"})
		}},
		{"a server is renamed and labelled", func(ctx context.Context) (any, error) {
			seen, answer, err := c.Server.Update(ctx, server, hcloud.ServerUpdateOpts{Name: "renamed", Labels: map[string]string{"a": "b"}})
			if err != nil {
				return nil, err
			}
			return same(object{"status": answer.StatusCode, "name": seen.Name, "labels": seen.Labels}, object{"status": 200, "name": "renamed", "labels": object{"a": "b"}})
		}},
		{"a server is not given another's name", func(ctx context.Context) (any, error) {
			_, _, err := c.Server.Update(ctx, server, hcloud.ServerUpdateOpts{Name: "second"})
			return refused(err, 409, "uniqueness_error", "name")
		}},
		{"a server is not given a name that is no host's", func(ctx context.Context) (any, error) {
			_, _, err := c.Server.Update(ctx, server, hcloud.ServerUpdateOpts{Name: "-"})
			return refused(err, 422, "invalid_input", "name")
		}},
		{"a server is powered off", act(c.Server.Poweroff, acted("stop_server", "stopping", "off"))},
		{"a server is powered on", act(c.Server.Poweron, acted("start_server", "starting", "running"))},
		{"a server is rebooted", act(c.Server.Reboot, acted("reboot_server", "running", "running"))},
		{"a server is reset", act(c.Server.Reset, acted("reset_server", "running", "running"))},
		{"a shutdown's success says that it was asked for, and the server goes off later", func(ctx context.Context) (any, error) {
			if seen, err := act(c.Server.Shutdown, acted("shutdown_server", "running", "running"))(ctx); err != nil {
				return seen, err
			}
			return nil, until("off", func() (bool, error) { return read(ctx).Status == hcloud.ServerStatusOff, nil })
		}},
		{"a server is rebuilt with another image", func(ctx context.Context) (any, error) {
			seen, err := act(func(ctx context.Context, server *hcloud.Server) (*hcloud.Action, *hcloud.Response, error) {
				result, answer, err := c.Server.RebuildWithResult(ctx, server, hcloud.ServerRebuildOpts{Image: &hcloud.Image{Name: "debian-13"}})
				return result.Action, answer, err
			}, acted("rebuild_server", "rebuilding", "running"))(ctx)
			if err != nil {
				return seen, err
			}
			return same(object{"image": read(ctx).Image.Name}, object{"image": "debian-13"})
		}},
		{"a rebuild without an image is refused", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", fmt.Sprintf("/servers/%d/actions/rebuild", server.ID), object{})
			return refused(err, 422, "invalid_input", "image")
		}},
		{"a protected server is neither deleted nor rebuilt", func(ctx context.Context) (any, error) {
			action, _, err := c.Server.ChangeProtection(ctx, server, hcloud.ServerChangeProtectionOpts{Delete: hcloud.Ptr(true), Rebuild: hcloud.Ptr(true)})
			if err != nil {
				return nil, err
			}
			seen := read(ctx)
			if _, err := same(object{"status": action.Status, "delete": seen.Protection.Delete, "rebuild": seen.Protection.Rebuild}, object{"status": "success", "delete": true, "rebuild": true}); err != nil {
				return nil, err
			}
			_, _, rebuilt := c.Server.RebuildWithResult(ctx, server, hcloud.ServerRebuildOpts{Image: &hcloud.Image{Name: "debian-13"}})
			if seen, err := refused(rebuilt, 423, "protected"); err != nil {
				return seen, err
			}
			_, _, err = c.Server.DeleteWithResult(ctx, server)
			return refused(err, 423, "protected")
		}},
		{"deletion and rebuilding are protected together", func(ctx context.Context) (any, error) {
			_, _, err := c.Server.ChangeProtection(ctx, server, hcloud.ServerChangeProtectionOpts{Delete: hcloud.Ptr(false)})
			return refused(err, 422, "invalid_input", "rebuild")
		}},
		{"what is unknown is not done to a server", func(ctx context.Context) (any, error) {
			_, _, err := raw(ctx, c, "POST", fmt.Sprintf("/servers/%d/actions/launch", server.ID), nil)
			return refused(err, 404, "not_found")
		}},
		{"a server goes, and is there while it goes", func(ctx context.Context) (any, error) {
			if _, _, err := c.Server.ChangeProtection(ctx, server, hcloud.ServerChangeProtectionOpts{Delete: hcloud.Ptr(false), Rebuild: hcloud.Ptr(false)}); err != nil {
				return nil, err
			}
			gone, answer, err := c.Server.DeleteWithResult(ctx, server)
			if err != nil {
				return nil, err
			}
			seen := object{"status": answer.StatusCode, "command": gone.Action.Command, "about": resourcesOf(gone.Action), "while": read(ctx).Status}
			if err := c.Action.WaitFor(ctx, gone.Action); err != nil {
				return nil, err
			}
			left, _, err := c.Server.GetByID(ctx, server.ID)
			if err != nil {
				return nil, err
			}
			seen["left"] = left != nil
			return same(seen, object{"status": 200, "command": "delete_server", "about": "server", "while": "deleting", "left": false})
		}},
		{"what a server had is in use for a while after it is gone", func(ctx context.Context) (any, error) {
			_, first := c.Firewall.Delete(ctx, firewall)
			if seen, err := refused(first, 422, "resource_in_use"); err != nil {
				return seen, err
			}
			_, _, again := raw(ctx, c, "POST", "/servers", order(object{"public_net": object{"ipv4": four.ID}}))
			if seen, err := refused(again, 422, "primary_ip_assigned"); err != nil {
				return seen, err
			}
			if err := until("the firewall is free", func() (bool, error) {
				_, err := c.Firewall.Delete(ctx, firewall)
				return err == nil, nil
			}); err != nil {
				return nil, err
			}
			_, err := c.PrimaryIP.Delete(ctx, four)
			return nil, err
		}},
		{"an address that was made for a server goes with it, and another stays", func(ctx context.Context) (any, error) {
			gone, _, err := c.Server.DeleteWithResult(ctx, second)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, gone.Action); err != nil {
				return nil, err
			}
			fresh, _, err := c.PrimaryIP.GetByID(ctx, second.PublicNet.IPv6.ID)
			if err != nil {
				return nil, err
			}
			kept, _, err := c.PrimaryIP.GetByID(ctx, far.ID)
			if err != nil {
				return nil, err
			}
			return same(object{"made": fresh != nil, "kept": kept != nil}, object{"made": false, "kept": true})
		}},
	}
}
