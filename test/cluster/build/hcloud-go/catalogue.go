package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// catalogue is tokens, budget, and what can be bought. `cax21` is sold out, and `cpx11` in nbg1.
func catalogue(c, reader *hcloud.Client) []step {
	return []step{
		{"a wrong token is refused", func(ctx context.Context) (any, error) {
			_, err := client(strings.Repeat("x", 64), 0).SSHKey.All(ctx)
			return refused(err, 401, "unauthorized")
		}},
		{"a request without a token is refused", func(ctx context.Context) (any, error) {
			_, err := client("", 0).SSHKey.All(ctx)
			return refused(err, 401, "unauthorized")
		}},
		{"a read-only token reads", func(ctx context.Context) (any, error) {
			_, err := reader.SSHKey.All(ctx)
			return nil, err
		}},
		{"a read-only token does not write", func(ctx context.Context) (any, error) {
			_, _, err := reader.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "prod", PublicKey: publicKey})
			return refused(err, 403, "forbidden")
		}},
		{"every answer tells what is left of the budget", func(ctx context.Context) (any, error) {
			_, answer, err := c.Location.List(ctx, hcloud.LocationListOpts{})
			if err != nil {
				return nil, err
			}
			left := answer.Meta.Ratelimit
			soon := left.Reset.After(time.Now().Add(-time.Second)) && left.Reset.Before(time.Now().Add(time.Hour+time.Second))
			if left.Limit != 3600 || left.Remaining < 3000 || left.Remaining > 3599 || !soon {
				return nil, fmt.Errorf("%+v", left)
			}
			return nil, nil
		}},
		{"a path outside of the API's is not found", func(ctx context.Context) (any, error) {
			endpoint := strings.TrimSuffix(os.Getenv("HCLOUD_ENDPOINT"), "/v1")
			outside := hcloud.NewClient(hcloud.WithToken(os.Getenv("HCLOUD_TOKEN")), hcloud.WithEndpoint(endpoint))
			_, _, err := raw(ctx, outside, "GET", "/locations", nil)
			return refused(err, 404, "not_found")
		}},
		refusal(c, "an unknown path is not found", "GET", "/nothing", nil, 404, "not_found"),
		refusal(c, "what is no JSON is refused", "POST", "/ssh_keys", "{", 400, "json_error"),
		refusal(c, "a body that is a list is refused", "POST", "/ssh_keys", "[]", 400, "json_error"),
		refusal(c, "a location is not deleted", "DELETE", "/locations/1", nil, 405, "method_not_allowed"),
		refusal(c, "nothing is below a location", "GET", "/locations/1/more", nil, 404, "not_found"),
		refusal(c, "a list is not replaced", "PUT", "/ssh_keys", object{}, 405, "method_not_allowed"),
		refusal(c, "all actions are not listed", "GET", "/actions", nil, 410, "deprecated_api_endpoint"),
		refusal(c, "an action is not deleted", "DELETE", "/actions/1", nil, 405, "method_not_allowed"),
		{"an unknown action is not there", func(ctx context.Context) (any, error) {
			one, _, err := c.Action.GetByID(ctx, 1)
			if one != nil {
				return nil, errors.New("it is there")
			}
			return nil, err
		}},
		{"datacenters are gone, and the refusal says where that was announced", func(ctx context.Context) (any, error) {
			_, err := c.Datacenter.All(ctx) //nolint:staticcheck // the point is that it is gone
			var gone hcloud.Error
			if !errors.As(err, &gone) {
				return nil, fmt.Errorf("no refusal: %v", err)
			}
			details, _ := gone.Details.(hcloud.ErrorDetailsDeprecatedAPIEndpoint)
			if details.Announcement == "" {
				return nil, errors.New("no announcement")
			}
			return refused(err, 410, "deprecated_api_endpoint")
		}},
		{"locations come with their zone, and by id and name", func(ctx context.Context) (any, error) {
			all, err := c.Location.All(ctx)
			if err != nil {
				return nil, err
			}
			byID, _, err := c.Location.GetByID(ctx, 4)
			if err != nil {
				return nil, err
			}
			byName, _, err := c.Location.GetByName(ctx, "nbg1")
			if err != nil {
				return nil, err
			}
			none, _, err := c.Location.GetByName(ctx, "nowhere")
			if err != nil {
				return nil, err
			}
			down, err := c.Location.AllWithOpts(ctx, hcloud.LocationListOpts{Sort: []string{"name:desc"}})
			if err != nil {
				return nil, err
			}
			return same(object{"all": len(all), "4": byID.Name, "zone": byID.NetworkZone, "nbg1": byName.ID, "country": byName.Country, "none": none == nil, "last": down[0].Name},
				object{"all": 4, "4": "ash", "zone": "us-east", "nbg1": 2, "country": "DE", "none": true, "last": "nbg1"})
		}},
		{"a server type says what it is", func(ctx context.Context) (any, error) {
			all, err := c.ServerType.All(ctx)
			if err != nil {
				return nil, err
			}
			one, _, err := c.ServerType.GetByName(ctx, "cax11")
			if err != nil {
				return nil, err
			}
			return same(object{"all": len(all), "id": one.ID, "architecture": one.Architecture, "cores": one.Cores, "memory": one.Memory, "disk": one.Disk, "storage": one.StorageType, "cpu": one.CPUType, "deprecated": one.IsDeprecated()},
				object{"all": 7, "id": 45, "architecture": "arm", "cores": 2, "memory": 4, "disk": 40, "storage": "local", "cpu": "shared", "deprecated": false})
		}},
		{"a server type says where it can be had", func(ctx context.Context) (any, error) {
			where := func(name string) string {
				one, _, err := c.ServerType.GetByName(ctx, name)
				if err != nil {
					return err.Error()
				}
				var texts []string
				for _, place := range one.Locations {
					texts = append(texts, fmt.Sprintf("%s %t %t", place.Location.Name, place.Available, place.Recommended))
				}
				return strings.Join(texts, ", ")
			}
			return same(object{"cax11": where("cax11"), "cax21": where("cax21"), "cpx11": where("cpx11")}, object{
				"cax11": "fsn1 true true, nbg1 true false, hel1 true true",
				"cax21": "fsn1 false true, nbg1 false false, hel1 false true",
				"cpx11": "fsn1 true true, nbg1 false false, hel1 true true, ash true true",
			})
		}},
		{"a retired type is readable by its id and available nowhere", func(ctx context.Context) (any, error) {
			old, _, err := c.ServerType.GetByID(ctx, 1)
			if err != nil {
				return nil, err
			}
			available, deprecated := 0, 0
			for _, place := range old.Locations {
				if place.Available {
					available++
				}
				if place.IsDeprecated() {
					deprecated++
				}
			}
			return same(object{"name": old.Name, "deprecated": old.IsDeprecated(), "available": available, "places": deprecated}, object{"name": "cx11", "deprecated": true, "available": 0, "places": 3})
		}},
		{"a server type has a price in each location, net and gross", func(ctx context.Context) (any, error) {
			one, _, err := c.ServerType.GetByName(ctx, "cpx11")
			if err != nil {
				return nil, err
			}
			seen := object{}
			for _, price := range one.Pricings {
				seen[price.Location.Name] = fmt.Sprintf("%.4s %.4s %.5s %d", price.Monthly.Net, price.Monthly.Gross, price.Hourly.Net, price.IncludedTraffic>>40)
			}
			return same(seen, object{"fsn1": "4.35 5.17 0.006 20", "nbg1": "4.35 5.17 0.006 20", "hel1": "4.35 5.17 0.006 20", "ash": "5.22 6.21 0.006 1"})
		}},
		{"an image is found by name and architecture", func(ctx context.Context) (any, error) {
			arm, _, err := c.Image.GetForArchitecture(ctx, "ubuntu-24.04", hcloud.ArchitectureARM)
			if err != nil {
				return nil, err
			}
			both, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Name: "ubuntu-24.04"})
			if err != nil {
				return nil, err
			}
			return same(object{"id": arm.ID, "architecture": arm.Architecture, "type": arm.Type, "status": arm.Status, "flavor": arm.OSFlavor, "version": arm.OSVersion, "both": len(both)},
				object{"id": 161547270, "architecture": "arm", "type": "system", "status": "available", "flavor": "ubuntu", "version": "24.04", "both": 2})
		}},
		{"images are filtered by type and status", func(ctx context.Context) (any, error) {
			snapshots, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot}})
			if err != nil {
				return nil, err
			}
			creating, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Status: []hcloud.ImageStatus{hcloud.ImageStatusCreating}})
			if err != nil {
				return nil, err
			}
			either, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot, hcloud.ImageTypeSystem}})
			if err != nil {
				return nil, err
			}
			return same(object{"snapshots": len(snapshots), "creating": len(creating), "either": len(either)}, object{"snapshots": 0, "creating": 0, "either": 4})
		}},
		{"a deprecated image is listed only where it is asked for", func(ctx context.Context) (any, error) {
			usual, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Name: "ubuntu-22.04"})
			if err != nil {
				return nil, err
			}
			asked, err := c.Image.AllWithOpts(ctx, hcloud.ImageListOpts{Name: "ubuntu-22.04", IncludeDeprecated: true})
			if err != nil {
				return nil, err
			}
			byID, _, err := c.Image.GetByID(ctx, 103908070)
			if err != nil {
				return nil, err
			}
			return same(object{"usual": len(usual), "asked": len(asked), "deprecated": byID.IsDeprecated()}, object{"usual": 0, "asked": 2, "deprecated": true})
		}},
		{"an IPv4 address costs something of its own, and an IPv6 address nothing", func(ctx context.Context) (any, error) {
			all, _, err := c.Pricing.Get(ctx)
			if err != nil {
				return nil, err
			}
			seen := object{"types": len(all.ServerTypes), "currency": all.Currency, "vat": all.VATRate}
			for _, address := range all.PrimaryIPs {
				price := address.Pricings[0].Monthly
				seen[address.Type] = fmt.Sprintf("%d %.4s %.5s", len(address.Pricings), price.Net, price.Gross)
			}
			return same(seen, object{"ipv4": "4 0.50 0.595", "ipv6": "4 0.00 0.000", "types": 7, "currency": "EUR", "vat": "19.000000"})
		}},
	}
}
