// Asks Google Cloud and Azure by their own libraries, which find all that they need in the environment as a pod has it. Each
// line of its input names a library; what that got, or why it got nothing, is one line of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"cloud.google.com/go/auth/credentials"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"golang.org/x/oauth2/google"
)

const scope = "https://www.googleapis.com/auth/cloud-platform"

// secret reads the secret with an access token; a refusal of the API is what it says.
func secret(ctx context.Context, token string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("SECRET_URL"), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var read struct{ Payload struct{ Data string } }
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%d: %s", answer.StatusCode, body)
	}
	return read.Payload.Data, json.Unmarshal(body, &read)
}

func byOauth2(ctx context.Context) (string, error) {
	found, err := google.FindDefaultCredentials(ctx, scope)
	if err != nil {
		return "", err
	}
	token, err := found.TokenSource.Token()
	if err != nil {
		return "", err
	}
	return secret(ctx, token.AccessToken)
}

func byAuth(ctx context.Context) (string, error) {
	found, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scope}})
	if err != nil {
		return "", err
	}
	token, err := found.Token(ctx)
	if err != nil {
		return "", err
	}
	return secret(ctx, token.Value)
}

func byAzidentity(ctx context.Context) (string, error) {
	credential, err := azidentity.NewWorkloadIdentityCredential(nil)
	if err != nil {
		return "", err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("a token of %d parts", len(strings.Split(token.Token, "."))), nil
}

func main() {
	ctx := context.Background()
	ways := map[string]func(context.Context) (string, error){
		"oauth2": byOauth2, "auth": byAuth, "azidentity": byAzidentity, "armmsi": keepIdentity,
	}
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		way, isThere := ways[lines.Text()]
		if !isThere {
			fmt.Fprintln(os.Stderr, "no library", lines.Text())
			os.Exit(2)
		}
		said, err := way(ctx)
		if err != nil {
			said = err.Error()
		}
		if err := out.Encode(said); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
