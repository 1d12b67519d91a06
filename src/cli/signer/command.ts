import { type Command, Option } from "commander";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import { withIssuerOptions, withProxySight } from "../options/stack.ts";
import type { AddOptions, CreateOptions, ImportOptions, StateOptions } from "./keys.ts";
import type { PromoteOptions } from "./running.ts";
import type { SignerRunOptions } from "./run.ts";

const exampleKid = "4vUPSxhQtpF1rGZgWS0HXGUcSWVfu3JAXIPdTGYPV5Q";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "signer run": {
    examples: [
      "podtrust signer run --issuer https://oidc.example.com",
      "podtrust signer run --issuer https://oidc.example.com --peer https://10.0.0.1:6443 https://10.0.0.2:6443 --peer-ca ca.crt --peer-certificate signer.crt --peer-key signer.key",
      "podtrust signer run --issuer https://oidc.example.com --state ./signer --refresh 30s --max-token-lifetime 24h",
    ],
    guide: "signer",
  },
  "signer import": {
    examples: [
      "podtrust signer import /etc/kubernetes/pki/sa.key",
      "podtrust signer import /etc/kubernetes/pki/sa.key --json",
      "podtrust signer import --verify-only old-sa.pub",
    ],
    guide: "signer",
  },
  "signer create": {
    examples: [
      "podtrust signer create",
      "podtrust signer create --type RS256",
      "podtrust signer create --json",
    ],
    guide: "signer",
  },
  "signer add": {
    examples: [
      "podtrust signer add pkcs11:sa --holder pkcs11=/usr/local/bin/podtrust-pkcs11",
      "podtrust signer add pkcs11:next-2027 --holder pkcs11=/usr/local/bin/podtrust-pkcs11",
      "podtrust signer add pkcs11:sa --holder pkcs11=/usr/local/bin/podtrust-pkcs11 --json",
    ],
    guide: "signer",
  },
  "signer status": {
    examples: [
      "podtrust signer status",
      "podtrust signer status --json",
      "podtrust signer status --state ./signer",
    ],
    guide: "signer",
  },
  "signer promote": {
    examples: [
      "podtrust signer promote -f podtrust.yaml",
      `podtrust signer promote ${exampleKid} --published-since 2026-11-25T12:00:00Z`,
      "podtrust signer promote --without https://10.0.0.3:6443",
    ],
    guide: "signer",
  },
  "signer exclude": {
    examples: [
      `podtrust signer exclude ${exampleKid}`,
      `podtrust signer exclude --state ./signer ${exampleKid}`,
      `podtrust signer exclude ${exampleKid} --json`,
    ],
    guide: "signer",
  },
  "signer include": {
    examples: [
      `podtrust signer include ${exampleKid}`,
      `podtrust signer include --state ./signer ${exampleKid}`,
      `podtrust signer include ${exampleKid} --json`,
    ],
    guide: "signer",
  },
  "signer remove": {
    examples: [
      `podtrust signer remove ${exampleKid}`,
      `podtrust signer remove --state ./signer ${exampleKid}`,
      `podtrust signer remove ${exampleKid} --json`,
    ],
    guide: "signer",
  },
};

const holderHelp = "program that holds keys of this scheme, such as pkcs11=/usr/local/bin/podtrust-pkcs11";

const withState = (command: Command): Command =>
  command.option("--state <dir>", "the signer's state folder", "/var/lib/podtrust-signer");

function defineRun(signer: Command, context: CommandContext): void {
  withState(signer.command("run"))
    .description("sign for the API server on a unix socket until SIGTERM; SIGHUP reads the keys again")
    .requiredOption(
      "--issuer <issuer...>",
      "the API server's --service-account-issuer; two while another one is adopted",
    )
    .option(
      "--socket <path>",
      "unix socket that the API server dials, in a folder that only this user may enter",
      "/var/lib/podtrust-signer/run/signer.sock",
    )
    .option("--listen <address>", "address of health, status and metrics", "127.0.0.1:9894")
    .option(
      "--refresh <duration>",
      "how often API servers ask for the keys; they accept a removed key for that long",
      "10s",
    )
    .option(
      "--max-token-lifetime <duration>",
      "longest life of a token; below a year the API server's tokens get shorter",
      "365d",
    )
    .option(
      "--allow-claim <name...>",
      "claim that is signed beside those that Kubernetes 1.34 to 1.37 write, for a later release",
    )
    .option("--holder <scheme=program...>", holderHelp)
    .option("--peer <url...>", "an API server's own address: each has to serve a key before it signs")
    .option("--peer-ca <file>", "PEM of the certificate authority of those API servers")
    .option("--peer-certificate <file>", "PEM of a client certificate that may read /openid/v1/jwks there")
    .option("--peer-key <file>", "PEM of its private key, mode 0600")
    .action(async (options: SignerRunOptions) => {
      const { runSigner } = await import("./run.ts");
      await runSigner(context, options);
    });
}

function defineKeys(signer: Command, context: CommandContext): void {
  withState(signer.command("import").argument("<file>", "PEM file"))
    .description("import a key of the cluster, under its present kid; the first one signs")
    .option("--verify-only", "keep only the public half: old tokens stay valid, and it never signs")
    .action(async (file: string, options: ImportOptions) => {
      const { runImport } = await import("./keys.ts");
      await runImport(context, file, options);
    });
  withState(signer.command("create"))
    .description("make the next key: it is served at once, and signs once it is promoted")
    .addOption(
      new Option("--type <algorithm>", "its algorithm")
        .choices(["RS256", "ES256", "ES384", "ES512"])
        .default("ES256"),
    )
    .action(async (options: CreateOptions) => {
      const { runCreate } = await import("./keys.ts");
      await runCreate(context, options);
    });
  withState(signer.command("add").argument("<uri>", "scheme and name of the key, such as pkcs11:sa"))
    .description("add a key of an HSM or another holder: the first one signs, a later one is next")
    .requiredOption("--holder <scheme=program>", holderHelp)
    .action(async (uri: string, options: AddOptions) => {
      const { runAdd } = await import("./keys.ts");
      await runAdd(context, uri, options);
    });
  const kid = "key ID, as signer status shows it";
  withState(signer.command("exclude").argument("<kid>", kid))
    .description("leave a previous key out of the cluster's JWKS; inside the cluster it still verifies")
    .action(async (key: string, options: StateOptions) => {
      const { runExclude } = await import("./keys.ts");
      await runExclude(context, key, true, options);
    });
  withState(signer.command("include").argument("<kid>", kid))
    .description("undo an exclude: the key is in the cluster's JWKS again")
    .action(async (key: string, options: StateOptions) => {
      const { runExclude } = await import("./keys.ts");
      await runExclude(context, key, false, options);
    });
  withState(signer.command("remove").argument("<kid>", kid))
    .description("delete a key that does not sign: the API server refuses its tokens within --refresh")
    .action(async (key: string, options: StateOptions) => {
      const { runRemove } = await import("./keys.ts");
      await runRemove(context, key, options);
    });
}

function defineRunning(signer: Command, context: CommandContext): void {
  withState(signer.command("status"))
    .description("show the keys of the running signer and when an API server last asked for them")
    .action(async (options: StateOptions) => {
      const { runStatus } = await import("./running.ts");
      await runStatus(context, options);
    });
  withProxySight(
    withIssuerOptions(
      withState(signer.command("promote").argument("[kid]", "key ID (default: the next key)")),
    ),
  )
    .description(
      "sign with the next key, once it is published, every cache has it, and every API server serves it",
    )
    .option(
      "--published-since <time>",
      "since when it is published, in place of looking: 2026-11-25T12:00:00Z",
    )
    .option("--now", "do not ask whether relying parties know the key: they may refuse its tokens")
    .option("--without <url...>", "API server that is gone and need not serve the key")
    .action(async (kid: string | undefined, options: PromoteOptions) => {
      const { runPromote } = await import("./running.ts");
      await runPromote(context, kid, options);
    });
}

/** `podtrust signer`: signs the cluster's tokens in place of the API server (KEP-740), and keeps the keys. */
export function define(signer: Command, context: CommandContext): void {
  defineRun(signer, context);
  defineKeys(signer, context);
  defineRunning(signer, context);
}
