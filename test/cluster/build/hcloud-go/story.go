package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// story is what a machine needs, from its key to its end, and the refusals on the way. The client tries again.
func story(c, reader *hcloud.Client) []step {
	labels := map[string]string{"stack": "prod", "managed-by": "probe"}
	var (
		key      *hcloud.SSHKey
		firewall *hcloud.Firewall
		ipv4     *hcloud.PrimaryIP
		ipv6     *hcloud.PrimaryIP
		server   *hcloud.Server
	)
	port := func(text string) *string { return &text }
	inRule := func(text string, from ...string) hcloud.FirewallRule {
		return hcloud.FirewallRule{Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: port(text), SourceIPs: networks(from...)}
	}
	createAddress := func(ctx context.Context, kind hcloud.PrimaryIPType) (*hcloud.PrimaryIP, error) {
		made, _, err := c.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: "prod-" + string(kind), Type: kind, Location: "nbg1", Labels: labels, AutoDelete: hcloud.Ptr(false)})
		if err != nil {
			return nil, err
		}
		return made.PrimaryIP, nil
	}
	serverOpts := func() hcloud.ServerCreateOpts {
		return hcloud.ServerCreateOpts{
			Name: "prod", ServerType: &hcloud.ServerType{Name: "cax11"}, Image: &hcloud.Image{Name: "ubuntu-24.04"},
			Location: &hcloud.Location{Name: "nbg1"}, SSHKeys: []*hcloud.SSHKey{key}, UserData: "#cloud-config\n{}\n", Labels: labels,
			Firewalls: []*hcloud.ServerCreateFirewall{{Firewall: *firewall}},
			PublicNet: &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true, IPv4: ipv4, IPv6: ipv6},
		}
	}
	return []step{
		{"a wrong token is refused", func(ctx context.Context) (any, error) {
			_, err := client(strings.Repeat("x", 64), 10).SSHKey.All(ctx)
			return expectCode(err, hcloud.ErrorCodeUnauthorized)
		}},
		{"locations, types, images and prices are read", func(ctx context.Context) (any, error) {
			places, err := c.Location.All(ctx)
			if err != nil {
				return nil, err
			}
			kind, _, err := c.ServerType.GetByName(ctx, "cax11")
			if err != nil {
				return nil, err
			}
			image, _, err := c.Image.GetForArchitecture(ctx, "ubuntu-24.04", hcloud.ArchitectureARM)
			if err != nil {
				return nil, err
			}
			prices, _, err := c.Pricing.Get(ctx)
			if err != nil {
				return nil, err
			}
			return map[string]any{"locations": len(places), "architecture": kind.Architecture, "image": image.Architecture, "offered": len(kind.Locations), "currency": prices.Currency, "addresses": len(prices.PrimaryIPs)}, nil
		}},
		{"a retired type is readable by its id and available nowhere", func(ctx context.Context) (any, error) {
			old, _, err := c.ServerType.GetByID(ctx, 1)
			if err != nil {
				return nil, err
			}
			return map[string]any{"deprecated": old.IsDeprecated(), "name": old.Name}, nil
		}},
		{"datacenters are gone", func(ctx context.Context) (any, error) {
			_, err := c.Datacenter.All(ctx) //nolint:staticcheck // the point is that it is gone
			return expectCode(err, hcloud.ErrorDeprecatedAPIEndpoint)
		}},
		{"an SSH key is made once", func(ctx context.Context) (any, error) {
			var err error
			key, _, err = c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "prod", PublicKey: publicKey, Labels: labels})
			if err != nil {
				return nil, err
			}
			_, _, err = c.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "other", PublicKey: publicKey})
			return expectCode(err, hcloud.ErrorCodeUniquenessError)
		}},
		{"a reserved label is refused", func(ctx context.Context) (any, error) {
			_, _, err := c.SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Labels: map[string]string{"hetzner.cloud/x": "y"}})
			return expectCode(err, hcloud.ErrorCodeInvalidInput)
		}},
		{"a read-only token reads and does not write", func(ctx context.Context) (any, error) {
			if _, err := reader.SSHKey.All(ctx); err != nil {
				return nil, err
			}
			_, err := reader.SSHKey.Delete(ctx, key)
			return expectCode(err, hcloud.ErrorCodeForbidden)
		}},
		{"a firewall's networks come back in canonical form", func(ctx context.Context) (any, error) {
			made, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "prod", Labels: labels, Rules: []hcloud.FirewallRule{
				inRule("22", "198.51.100.7/32", "2001:0DB8:0:0::/64"), inRule("443", "0.0.0.0/0", "::/0"),
			}})
			if err != nil {
				return nil, err
			}
			firewall = made.Firewall
			if err := c.Action.WaitFor(ctx, made.Actions...); err != nil {
				return nil, err
			}
			again, _, err := c.Firewall.GetByID(ctx, firewall.ID)
			if err != nil {
				return nil, err
			}
			return map[string]any{"sources": again.Rules[0].SourceIPs[1].String(), "rules": len(again.Rules)}, nil
		}},
		{"primary IPs of both families are made", func(ctx context.Context) (any, error) {
			var err error
			if ipv4, err = createAddress(ctx, hcloud.PrimaryIPTypeIPv4); err != nil {
				return nil, err
			}
			if ipv6, err = createAddress(ctx, hcloud.PrimaryIPTypeIPv6); err != nil {
				return nil, err
			}
			return map[string]any{"network": ipv6.Network.String() != "", "assigned": ipv4.AssigneeID != 0, "location": ipv4.Location.Name}, nil
		}},
		{"a protected primary IP is not deleted", func(ctx context.Context) (any, error) {
			action, _, err := c.PrimaryIP.ChangeProtection(ctx, hcloud.PrimaryIPChangeProtectionOpts{ID: ipv4.ID, Delete: true})
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, action); err != nil {
				return nil, err
			}
			_, err = c.PrimaryIP.Delete(ctx, ipv4)
			return expectCode(err, hcloud.ErrorCodeProtected)
		}},
		{"an image of another architecture is refused", func(ctx context.Context) (any, error) {
			opts := serverOpts()
			opts.Image = &hcloud.Image{ID: 161547269}
			_, _, err := c.Server.Create(ctx, opts)
			return expectCode(err, hcloud.ErrorCodeInvalidInput)
		}},
		{"a server is created, started and reached by firewall and addresses", func(ctx context.Context) (any, error) {
			made, _, err := c.Server.Create(ctx, serverOpts())
			if err != nil {
				return nil, err
			}
			first := made.Server.Status
			if err := c.Action.WaitFor(ctx, append(made.NextActions, made.Action)...); err != nil {
				return nil, err
			}
			for {
				server, _, err = c.Server.GetByID(ctx, made.Server.ID)
				if err != nil {
					return nil, err
				}
				if server.PublicNet.Firewalls[0].Status == hcloud.FirewallStatusApplied {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			return map[string]any{"first": first, "status": server.Status, "ipv4": server.PublicNet.IPv4.ID == ipv4.ID, "ipv6": server.PublicNet.IPv6.ID == ipv6.ID, "password": made.RootPassword != ""}, nil
		}},
		{"a second server by that name is refused", func(ctx context.Context) (any, error) {
			opts := serverOpts()
			opts.PublicNet = &hcloud.ServerCreatePublicNet{EnableIPv6: true}
			_, _, err := c.Server.Create(ctx, opts)
			return expectCode(err, hcloud.ErrorCodeUniquenessError)
		}},
		{"what is found by label is what was labelled", func(ctx context.Context) (any, error) {
			found, err := c.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack==prod,managed-by in (probe, other),!absent"}})
			if err != nil {
				return nil, err
			}
			none, err := c.PrimaryIP.AllWithOpts(ctx, hcloud.PrimaryIPListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "stack!=prod"}})
			if err != nil {
				return nil, err
			}
			return map[string]any{"found": len(found), "others": len(none)}, nil
		}},
		{"a firewall in use is not deleted", func(ctx context.Context) (any, error) {
			_, err := c.Firewall.Delete(ctx, firewall)
			return expectCode(err, hcloud.ErrorCodeResourceInUse)
		}},
		{"an address of a running server is not taken away", func(ctx context.Context) (any, error) {
			_, _, err := c.PrimaryIP.Unassign(ctx, ipv6.ID)
			return expectCode(err, hcloud.ErrorCodeServerNotStopped)
		}},
		{"a server is stopped and started", func(ctx context.Context) (any, error) {
			off, _, err := c.Server.Poweroff(ctx, server)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, off); err != nil {
				return nil, err
			}
			stopped, _, err := c.Server.GetByID(ctx, server.ID)
			if err != nil {
				return nil, err
			}
			on, _, err := c.Server.Poweron(ctx, server)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, on); err != nil {
				return nil, err
			}
			return map[string]any{"stopped": stopped.Status}, nil
		}},
		{"a server goes, and what it had is free after a while", func(ctx context.Context) (any, error) {
			gone, _, err := c.Server.DeleteWithResult(ctx, server)
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, gone.Action); err != nil {
				return nil, err
			}
			_, first := c.Firewall.Delete(ctx, firewall)
			if !hcloud.IsError(first, hcloud.ErrorCodeResourceInUse) {
				return nil, fmt.Errorf("the firewall was free at once: %v", first)
			}
			for err = first; hcloud.IsError(err, hcloud.ErrorCodeResourceInUse); _, err = c.Firewall.Delete(ctx, firewall) {
				time.Sleep(20 * time.Millisecond)
			}
			if err != nil {
				return nil, err
			}
			open, _, err := c.PrimaryIP.ChangeProtection(ctx, hcloud.PrimaryIPChangeProtectionOpts{ID: ipv4.ID, Delete: false})
			if err != nil {
				return nil, err
			}
			if err := c.Action.WaitFor(ctx, open); err != nil {
				return nil, err
			}
			for _, address := range []*hcloud.PrimaryIP{ipv4, ipv6} {
				if _, err := c.PrimaryIP.Delete(ctx, address); err != nil {
					return nil, err
				}
			}
			_, err = c.SSHKey.Delete(ctx, key)
			return nil, err
		}},
		{"pages are walked to their end", func(ctx context.Context) (any, error) {
			for index := range 60 {
				if _, _, err := c.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: fmt.Sprintf("f%02d", index)}); err != nil {
					return nil, err
				}
			}
			all, err := c.Firewall.AllWithOpts(ctx, hcloud.FirewallListOpts{Sort: []string{"name:desc"}})
			if err != nil {
				return nil, err
			}
			return map[string]any{"count": len(all), "first": all[0].Name}, nil
		}},
	}
}
