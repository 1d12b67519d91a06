import type { Command } from "commander";
import { isoTime } from "../../core/base/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import type { BackupOptions } from "./run.ts";
import type { VerifyOptions } from "./verify.ts";

const exampleRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "backup create": {
    examples: [
      `podtrust backup create --recipient ${exampleRecipient}`,
      `podtrust backup create -f prod.yaml --recipient ${exampleRecipient} --output prod.age --with-signing-keys`,
      `podtrust backup create --recipient ${exampleRecipient} --with-signing-keys --signer-state /var/lib/podtrust-signer`,
    ],
    guide: "backup-and-restore",
  },
  "backup keygen": {
    examples: [
      "podtrust backup keygen --output backup-identity.txt",
      "podtrust backup keygen --output ~/backup-identity.txt --json",
      "podtrust backup keygen --output /media/stick/backup-identity.txt",
    ],
    guide: "backup-and-restore",
  },
  "backup verify": {
    examples: [
      "podtrust backup verify prod.age --identity backup-identity.txt",
      "podtrust backup verify prod.age -f prod.yaml --identity backup-identity.txt",
      "podtrust backup verify prod.age --identity backup-identity.txt --json",
    ],
    guide: "backup-and-restore",
  },
};

/**
 * `podtrust backup create`, `backup keygen`, `backup verify FILE`: a publisher's data that cannot be made
 * again, in an encrypted file.
 */
export function define(backup: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  backup
    .command("create", { isDefault: true })
    .description("save the publisher's keys, distrusts, ACME accounts and certificate in an encrypted file")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("-o, --output <file>", "file to create (default: STACK-KIND-TIME.age)")
    .option(
      "--recipient <age1…>",
      "who can open it; repeatable (default: publisher.backup.recipients)",
      collect,
    )
    .option("--passphrase", "ask at the terminal for a passphrase that opens it, in place of recipients")
    .option(
      "--with-signing-keys",
      "save the cluster's signing keys instead, over SSH: k3s's service.key and token on the machine, and podtrust's signers on cluster.servers",
    )
    .option(
      "--signer-state <dir>",
      "with --with-signing-keys: the state folder of podtrust's signer on this machine, in place of cluster.servers",
    )
    .action(async (options: BackupOptions) => {
      const { runBackup } = await import("./run.ts");
      await runBackup(context, options);
    });
  backup
    .command("keygen")
    .description("create an age identity, which opens backups, and print its recipient, which makes them")
    .requiredOption("-o, --output <file>", "file to create; keep it away from the publisher's machine")
    .action((options: KeygenOptions) => runKeygen(context, options));
  backup
    .command("verify")
    .description("open a backup, check its content and compare it with what is published")
    .argument("<file>", "the backup")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("-i, --identity <file>", "file with the age identity that opens it")
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .action(async (file: string, options: VerifyOptions) => {
      const { runVerify } = await import("./verify.ts");
      await runVerify(context, file, options);
    });
}

/** What was typed of `backup keygen`. */
interface KeygenOptions {
  readonly output: string;
}

/** `podtrust backup keygen`: the file has age-keygen's format. */
async function runKeygen(context: CommandContext, { output: name }: KeygenOptions): Promise<void> {
  const { newIdentity } = await import("../../core/age/index.ts");
  const { createFile } = await import("../../core/files/index.ts");
  const { identity, recipient } = newIdentity();
  const made = isoTime(context.clock.now());
  await createFile(context.path(name), `# created: ${made}\n# public key: ${recipient}\n${identity}\n`);
  const { output } = context;
  output.line(`${name} opens every backup that is made for this recipient. Without it they are lost:`);
  output.line(`  ${recipient}`);
  output.line("Keep it where the publisher's machine cannot read it, and a copy elsewhere.");
  output.result({ file: name, recipient });
}
