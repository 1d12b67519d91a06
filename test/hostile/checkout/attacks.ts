/** For each credential of the table, what a checkout's writer tries to have it sent to a server of theirs. */
import { join } from "node:path";
import type { CredentialName } from "../../../src/core/credentials/index.ts";
import { errorText, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { openBackupBucket } from "../../../src/providers/aws/index.ts";
import { openGoogle } from "../../../src/providers/gcp/index.ts";
import { hostConfig, hostLayout } from "../../../src/providers/host/index.ts";
import { openbaoMounts } from "../../../src/stack/parts/openbao/index.ts";
import { type Checkout, issuer } from "./checkout.ts";

/** One try. */
export interface Attack {
  /** In words, for the name of its test. */
  readonly tries: string;
  /** A part of the credential: neither a hostile server nor a screen may have it. */
  readonly secret: string;
  /** Makes the try in a checkout; gives all that was said to the person. */
  attack(checkout: Checkout): Promise<string>;
  /** What was said instead. */
  readonly refusal: RegExp;
}

const elsewhere = /credential-elsewhere/u;
const mint = ["token", "shop/web", "-f", "podtrust.yaml"];

/** The error of work that has to fail, as its code and words. */
async function refused(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "nothing was refused";
  } catch (error) {
    const { code = "", next = "" } = error as { code?: string; next?: string };
    return `${code}: ${errorText(error)} ${next}`;
  }
}

async function said(checkout: Checkout, args: readonly string[], env = {}): Promise<string> {
  const { out, err } = await checkout.run(args, env);
  return out + err;
}

const config = (checkout: Checkout, sections: string): Promise<string> =>
  checkout.write("podtrust.yaml", `stack: prod\nissuer: ${issuer}\n${sections}\n`);

/** A kubeconfig of the checkout with this user, for the hostile server. */
const kubeconfig = (checkout: Checkout, user: object): Promise<string> =>
  checkout.write(
    "kubeconfig",
    JSON.stringify({
      clusters: [
        { name: "c", cluster: { server: checkout.server.address, "certificate-authority": "ca.pem" } },
      ],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );

/** What a hostile config would put on its machine: each of its files is the person's. */
function toMachine(
  secret: string,
  publisher: (file: string) => object,
  more: (file: string) => object = () => ({}),
) {
  return async (checkout: Checkout): Promise<string> => {
    const file = await checkout.write(join(checkout.home, "own", secret), secret);
    const machine = { ssh: { address: "192.0.2.1", user: "root" } };
    const text = JSON.stringify({
      stack: "prod",
      issuer,
      machine,
      publisher: publisher(file),
      ...more(file),
    });
    const parsed = await parseConfig(text, join(checkout.folder, "podtrust.yaml"), { HOME: checkout.home });
    return refused(() => hostConfig(parsed, hostLayout(), { env: {} }));
  };
}

/** A file of Google's credentials, as the person's environment names it. */
function externalAccount(secret: string, place: (checkout: Checkout) => object) {
  return async (checkout: Checkout): Promise<string> => {
    const subject = await checkout.write(join(checkout.home, "subject"), secret);
    const file = {
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: "https://sts.googleapis.com/v1/token",
      credential_source: { file: subject },
      ...place(checkout),
    };
    const path = await checkout.write("google.json", JSON.stringify(file));
    return refused(async () => {
      const { api } = await openGoogle({ env: { GOOGLE_APPLICATION_CREDENTIALS: path } }, systemClock);
      await api.checkCredentials(AbortSignal.timeout(5000));
    });
  };
}

const azure = {
  tenant: "11111111-1111-1111-1111-111111111111",
  subscription: "22222222-2222-2222-2222-222222222222",
  resourceGroup: "g",
  identities: [],
};

/** No config can name where this goes: one that does is refused whole, before anything is read or asked. */
function unnamed(secret: string, variable: string, sections: (checkout: Checkout) => object): Attack {
  return {
    tries: "a key of the config that names a place for it",
    secret,
    async attack(checkout) {
      const file = variable.endsWith("_FILE")
        ? await checkout.write(join(checkout.home, variable), secret)
        : secret;
      const text = JSON.stringify({ stack: "prod", issuer, ...sections(checkout) });
      await checkout.write("podtrust.yaml", text);
      return said(checkout, ["plan"], { [variable]: file });
    },
    refusal: /code: config-invalid/u,
  };
}

/** Every credential has its attack: one without does not compile. */
export const attacks: Readonly<Record<CredentialName, Attack>> = {
  "openbao-token": {
    tries: "an OpenBao of the config",
    secret: "hvs.of-the-person",
    async attack(checkout) {
      await config(
        checkout,
        `openbao: [{address: "${checkout.plain.address}", mount: m, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]`,
      );
      const env = { BAO_ADDR: "https://bao.example.com", BAO_TOKEN: this.secret };
      return said(checkout, ["plan"], env);
    },
    refusal: elsewhere,
  },
  "workload-token": {
    tries: "an OpenBao of the config, with a token for AWS",
    secret: "a.token.for-aws",
    async attack(checkout) {
      const roles = [{ name: "web", serviceAccounts: ["shop/web"], policies: ["web"] }];
      const openbao = [{ address: checkout.plain.address, mount: "m", audience: "sts.amazonaws.com", roles }];
      const text = JSON.stringify({ stack: "prod", issuer, openbao });
      const parsed = await parseConfig(text, join(checkout.folder, "podtrust.yaml"), {});
      const [mount] = openbaoMounts({ config: parsed, env: {}, clock: systemClock });
      const [role] = parsed.openbao[0]?.roles ?? [];
      if (mount === undefined || role === undefined) return "the config has no role";
      return refused(() => mount.login(role, this.secret, AbortSignal.timeout(5000)));
    },
    refusal: elsewhere,
  },
  kubeconfig: {
    tries: "a kubeconfig of the checkout, whose user has a token file of the person's",
    secret: "token-of-the-person",
    async attack(checkout) {
      const tokenFile = await checkout.write(join(checkout.home, ".token"), this.secret);
      await kubeconfig(checkout, { tokenFile });
      await config(checkout, "cluster: {kubeconfig: kubeconfig}");
      return said(checkout, mint);
    },
    refusal: elsewhere,
  },
  "cluster-token": {
    tries: "a server of the config, beside a token file of the person's",
    secret: "cluster-token-of-the-person",
    async attack(checkout) {
      const file = await checkout.write(join(checkout.home, ".cluster-token"), this.secret);
      const { address } = checkout.server;
      await config(
        checkout,
        `cluster: {server: "${address}", caFile: ca.pem, tokenFile: ${JSON.stringify(file)}}`,
      );
      return said(checkout, mint);
    },
    refusal: elsewhere,
  },
  aws: {
    tries: "an S3 endpoint of the config, with credentials of a session",
    secret: "session-token-of-the-person",
    attack(checkout) {
      const credentials = {
        accessKeyId: "ASIAIOSFODNN7EXAMPLE",
        secretAccessKey: "s",
        sessionToken: this.secret,
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
  "google-credentials": {
    tries: "a token endpoint in the file that is none of Google's",
    secret: "subject-for-google",
    attack: externalAccount("subject-for-google", ({ server }) => ({
      token_url: `${server.address}/v1/token`,
    })),
    refusal: /gcp-credentials-invalid|credential-elsewhere/u,
  },
  "google-subject-token": {
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
  "dns-publisher-token": {
    tries: "the config's machine, by publisherTokenFile",
    secret: "dns-token-of-the-person",
    attack: toMachine(
      "dns-token-of-the-person",
      () => ({ https: { acme: { email: "a@example.com", challenge: "dns-01" } } }),
      (publisherTokenFile) => ({ dns: { cloudflare: { publisherTokenFile } } }),
    ),
    refusal: elsewhere,
  },
  "acme-eab": {
    tries: "the config's machine and directory, by eab",
    secret: "eab-of-the-person",
    attack: toMachine("eab-of-the-person", (file) => ({
      https: {
        acme: {
          email: "a@example.com",
          directory: "https://ca.example.net/d",
          eab: { kidFile: file, hmacKeyFile: file },
        },
      },
    })),
    refusal: elsewhere,
  },
  "tls-key": {
    tries: "the config's machine, by keyFile",
    secret: "ssh-key-of-the-person",
    attack: toMachine("ssh-key-of-the-person", (keyFile) => ({
      https: { certificateFile: "ca.pem", keyFile },
    })),
    refusal: elsewhere,
  },
  "machine-file": {
    tries: "the config's machine, by certificateFile",
    secret: "notes-of-the-person",
    attack: toMachine("notes-of-the-person", (certificateFile) => ({
      https: { certificateFile, keyFile: "ca.pem" },
    })),
    refusal: elsewhere,
  },
  "backup-key": {
    tries: "the config's machine, by credentialsFile",
    secret: "access-key-of-the-person",
    attack: toMachine("access-key-of-the-person", (credentialsFile) => ({
      https: { acme: { email: "a@example.com" } },
      backup: {
        recipients: ["age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"],
        every: "6h",
        s3: { bucket: "theirs", region: "eu-central-1", credentialsFile },
      },
    })),
    refusal: elsewhere,
  },
  "cloudflare-token": unnamed("cf-token-of-the-person", "CLOUDFLARE_API_TOKEN", ({ plain }) => ({
    dns: { cloudflare: { baseUrl: plain.address } },
  })),
  "hetzner-token": unnamed("h".repeat(64), "HCLOUD_TOKEN", ({ plain }) => ({
    machine: { hetzner: { type: "cax11", location: "nbg1", image: "ubuntu-24.04", endpoint: plain.address } },
  })),
  "azure-client-secret": unnamed("secret-of-the-person", "AZURE_CLIENT_SECRET_FILE", ({ plain }) => ({
    azure: [{ ...azure, authority: plain.address }],
  })),
  "azure-federated-token": unnamed("assertion-of-the-person", "AZURE_FEDERATED_TOKEN_FILE", ({ plain }) => ({
    azure: [{ ...azure, cloud: plain.address }],
  })),
  "pod-token": unnamed("/var/run/secrets/token", "KUBERNETES_SERVICE_HOST", ({ server }) => ({
    cluster: { inCluster: true, server: server.address },
  })),
  "age-identity": unnamed("AGE-SECRET-KEY-1", "AGE_IDENTITY", () => ({
    publisher: { source: { kubeconfig: "k" }, backup: { identity: "../identity" } },
  })),
  "signing-key": unnamed("signing-key-of-the-person", "SIGNING_KEY", ({ plain }) => ({
    signer: { status: plain.address },
  })),
  "pkcs11-pin": unnamed("1234", "PODTRUST_PKCS11_PIN_FILE", ({ plain }) => ({
    signer: { holder: plain.address },
  })),
  "signer-peer-key": unnamed("peer-key-of-the-person", "PEER_KEY", ({ home, server }) => ({
    signer: { peer: server.address, peerKey: join(home, "key") },
  })),
  "explained-token": unnamed("token-that-is-explained", "TOKEN", ({ server }) => ({
    explain: { token: "../token", to: server.address },
  })),
  "store-key": unnamed("store-key-of-the-person", "STORE_KEY", ({ home }) => ({
    publisher: { source: { kubeconfig: "k" }, storeKeys: home },
  })),
  "acme-account-key": unnamed("account-key-of-the-person", "ACCOUNT_KEY", ({ server }) => ({
    publisher: {
      source: { kubeconfig: "k" },
      https: { acme: { email: "a@example.com", accountKey: server.address } },
    },
  })),
  "ssh-key": unnamed("agent-socket", "SSH_AUTH_SOCK", () => ({
    machine: { ssh: { address: "192.0.2.1", user: "root", forwardAgent: true } },
  })),
  "proxy-password": {
    tries: "an address that the config names, asked through the person's proxy",
    secret: "proxy-password",
    async attack(checkout) {
      await config(
        checkout,
        `openbao: [{address: "https://192.0.2.1:1", mount: m, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]`,
      );
      const proxy = checkout.plain.address.replace("//", `//me:${this.secret}@`);
      return said(checkout, ["plan"], { HTTPS_PROXY: proxy, ALL_PROXY: proxy, HTTP_PROXY: proxy });
    },
    refusal: /openbao-token-missing/u,
  },
};
