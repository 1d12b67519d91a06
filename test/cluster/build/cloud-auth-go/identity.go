package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
)

const group, name = "podtrust", "till"

// refusal is ARM's status and code.
func refusal(err error) string {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return fmt.Sprintf("%d %s", refused.StatusCode, refused.ErrorCode)
	}
	return fmt.Sprint(err)
}

// keepIdentity makes an identity with federated credentials, meets what ARM refuses, and takes it away again.
func keepIdentity(ctx context.Context) (string, error) {
	credential, err := azidentity.NewClientSecretCredential(
		os.Getenv("AZURE_TENANT_ID"), os.Getenv("ADMIN_ID"), os.Getenv("ADMIN_SECRET"), nil)
	if err != nil {
		return "", err
	}
	clients, err := armmsi.NewClientFactory(os.Getenv("AZURE_SUBSCRIPTION_ID"), credential, nil)
	if err != nil {
		return "", err
	}
	identities, federated := clients.NewUserAssignedIdentitiesClient(), clients.NewFederatedIdentityCredentialsClient()
	made, err := identities.CreateOrUpdate(ctx, group, name, armmsi.Identity{
		Location: to.Ptr("westeurope"), Tags: map[string]*string{"podtrust": to.Ptr("prod")},
	}, nil)
	if err != nil {
		return "", err
	}
	said := []string{*made.Name, *made.Tags["podtrust"]}
	put := func(one, subject string) error {
		_, err := federated.CreateOrUpdate(ctx, group, name, one, armmsi.FederatedIdentityCredential{
			Properties: &armmsi.FederatedIdentityCredentialProperties{
				Issuer: to.Ptr(os.Getenv("ISSUER")), Subject: to.Ptr(subject), Audiences: []*string{to.Ptr("api://AzureADTokenExchange")},
			},
		}, nil)
		return err
	}
	for _, one := range []string{"one", "two", "three"} {
		if err := put(one, one); err != nil {
			return "", err
		}
	}
	said = append(said, refusal(put("four", "one")))
	pager := federated.NewListPager(group, name, &armmsi.FederatedIdentityCredentialsClientListOptions{Top: to.Ptr(int32(2))})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, one := range page.Value {
			said = append(said, *one.Name)
		}
	}
	if _, err := federated.Delete(ctx, group, name, "one", nil); err != nil {
		return "", err
	}
	_, err = federated.Get(ctx, group, name, "one", nil)
	said = append(said, refusal(err))
	if _, err := identities.Delete(ctx, group, name, nil); err != nil {
		return "", err
	}
	_, err = identities.Get(ctx, group, name, nil)
	return strings.Join(append(said, refusal(err)), ", "), nil
}
