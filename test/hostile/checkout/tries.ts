/** How a checkout's writer tries to have a credential sent to a server of theirs: what the attacks have in common. */
import { readFile, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { errorText, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { openGoogle } from "../../../src/providers/gcp/index.ts";
import { hostConfig, hostLayout } from "../../../src/providers/host/index.ts";
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

export const elsewhere = /credential-elsewhere/u;
export const mint = ["token", "shop/web", "-f", "podtrust.yaml"];

/** The error of work that has to fail, as its code and words. */
export async function refused(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "nothing was refused";
  } catch (error) {
    const { code = "", next = "" } = error as { code?: string; next?: string };
    return `${code}: ${errorText(error)} ${next}`;
  }
}

export async function said(checkout: Checkout, args: readonly string[], env = {}): Promise<string> {
  const { out, err } = await checkout.run(args, env);
  return out + err;
}

export const config = (checkout: Checkout, sections: string): Promise<string> =>
  checkout.write("podtrust.yaml", `stack: prod\nissuer: ${issuer}\n${sections}\n`);

/** A kubeconfig of the checkout with this user, for the hostile server. */
export const kubeconfig = (checkout: Checkout, user: object, cluster = {}): Promise<string> =>
  checkout.write(
    "kubeconfig",
    JSON.stringify({
      clusters: [
        {
          name: "c",
          cluster: { server: checkout.server.address, "certificate-authority": "ca.pem", ...cluster },
        },
      ],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );

async function linked(checkout: Checkout, name: string, to: string): Promise<void> {
  await rm(join(checkout.folder, name), { force: true, recursive: true });
  await symlink(to, join(checkout.folder, name));
}

/** How a file of the checkout names one of the person's. */
export const namings: Readonly<Record<string, (checkout: Checkout, file: string) => Promise<string>>> = {
  "by its path": (_checkout, file) => Promise.resolve(file),
  "by a way out of the checkout": ({ folder }, file) => Promise.resolve(relative(folder, file)),
  async "by a link of the checkout"(checkout, file) {
    await linked(checkout, "linked", file);
    return "linked";
  },
  async "through a folder of the checkout that is a link"(checkout, file) {
    await linked(checkout, "folder", dirname(file));
    return join("folder", basename(file));
  },
};

/** The same try with a file of the person's, named in each way. */
export function ofFile(
  { tries, secret, refusal }: Omit<Attack, "attack">,
  attack: (checkout: Checkout, name: string) => Promise<string>,
): readonly Attack[] {
  return Object.entries(namings).map(([naming, nameOf]) => ({
    tries: `${tries}, ${naming}`,
    secret,
    refusal,
    async attack(checkout) {
      const file = await checkout.write(join(checkout.home, "own", "secret"), secret);
      return attack(checkout, await nameOf(checkout, file));
    },
  }));
}

/** What a hostile config would put on its machine: each of its files is the person's. */
export function toMachine(
  tries: string,
  secret: string,
  publisher: (file: string) => object,
  more: (file: string) => object = () => ({}),
): readonly Attack[] {
  return ofFile({ tries, secret, refusal: elsewhere }, async (checkout, file) => {
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
  });
}

/** A file of Google's credentials, as the person's environment names it. */
export function externalAccount(secret: string, place: (checkout: Checkout) => object) {
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

/** No config can name where this goes: one that does is refused whole, before anything is read or asked. */
export function unnamed(
  secret: string,
  variable: string,
  sections: (checkout: Checkout) => object,
  tries = "a key of the config that names a place for it",
): Attack {
  return {
    tries,
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

/** A config that calls another secret of the person's a cloud's token: one that the cloud does not give is not sent at all. */
export const asTokenFile = (refusal: RegExp, sections: (tokenFile: string) => object): readonly Attack[] =>
  ofFile(
    { tries: "another secret of the person's as the token", secret: "a secret of the person's", refusal },
    async (checkout, file) => {
      await checkout.write("podtrust.yaml", JSON.stringify({ stack: "prod", issuer, ...sections(file) }));
      return said(checkout, ["plan"]);
    },
  );

/** What ssh is called with, and the environment that it gets. */
export async function asSshIsCalled(checkout: Checkout): Promise<string> {
  const folder = join(checkout.home, "programs");
  const seen = join(checkout.home, "seen");
  for (const name of ["ssh", "ssh-keygen", "ssh-add"])
    await checkout.write(
      join(folder, name),
      `#!/bin/sh\nprintf '%s ' "$@" >>"$HOME/seen"\n/usr/bin/env | /usr/bin/tr '\\n' ' ' >>"$HOME/seen"\nexit 255\n`,
      0o755,
    );
  await config(
    checkout,
    "machine: {ssh: {address: 192.0.2.1, user: root}}\npublisher: {https: {acme: {email: a@example.com}}}",
  );
  const env = {
    PATH: folder,
    SSH_AUTH_SOCK: join(checkout.home, "agent"),
    BAO_TOKEN: "bao-token-beside-ssh",
  };
  const text = await said(checkout, ["plan"], env);
  return `${await readFile(seen, "utf8").catch(() => "ssh was not called")} ${text}`;
}
