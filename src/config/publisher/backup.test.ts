import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { oneProblem, parse } from "../../../test/support/config-text.ts";
import { publisherOf } from "../index.ts";

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const config = (backup: object, publisher: object = { https: { acme: {} } }): string =>
  JSON.stringify({
    stack: "prod",
    issuer: "https://oidc-docs.s3.eu-central-1.amazonaws.com",
    publisher: { ...publisher, backup: { recipients: [recipient], ...backup } },
  });
const bucket = { bucket: "backups", region: "eu-central-1" };

describe("publisher.backup", () => {
  test("goes daily into a folder of which thirty stay, or into a bucket", async () => {
    const { backup } = publisherOf(await parse(config({ folder: "backups" })));
    const every = 24 * 3_600_000;
    const place = { folder: "/etc/podtrust/backups", keep: 30, otherFileSystem: false };
    assert.deepEqual(backup, { recipients: [recipient], every, place });
    const { backup: other } = publisherOf(await parse(config({ s3: bucket, every: "1h" })));
    assert.deepEqual(other?.place, { s3: { ...bucket, prefix: "" } });
    assert.equal(
      publisherOf(
        await parse(
          JSON.stringify({ stack: "a", issuer: "https://a.example.com", publisher: { https: { acme: {} } } }),
        ),
      ).backup,
      undefined,
    );
  });

  test("needs one place, and in a bucket no right to delete", async () => {
    assert.match((await oneProblem(config({}))).message, /does not say where backups go/u);
    assert.match((await oneProblem(config({ folder: "b", s3: bucket }))).message, /has both folder and s3/u);
    assert.match((await oneProblem(config({ s3: bucket, keep: 3 }))).message, /keep beside s3/u);
    const { backup } = publisherOf(await parse(config({ s3: { ...bucket, credentialsFile: "key" } })));
    const credentialsFile = "/etc/podtrust/key";
    assert.deepEqual(backup?.place, { s3: { ...bucket, prefix: "", credentialsFile } });
    const both = { ...bucket, credentialsFile: "key", profile: "backup" };
    assert.match(
      (await oneProblem(config({ s3: both }))).message,
      /both s3\.profile and s3\.credentialsFile/u,
    );
    assert.equal((await oneProblem(config({ folder: "b", keep: 0 }))).key, "publisher.backup.keep");
  });

  test("is believed by keys of the exact form that up prints, eight of them at the most", async () => {
    const by = `ed25519:${"A".repeat(43)}`;
    const signed = (...backupSigners: readonly unknown[]): string =>
      config({ folder: "b" }, { https: { acme: {} }, backupSigners });
    assert.deepEqual(publisherOf(await parse(signed(by))).backupSigners, [by]);
    assert.deepEqual(publisherOf(await parse(config({ folder: "b" }))).backupSigners, []);
    for (const wrong of ["A".repeat(43), `${by}=`, `rsa:${"A".repeat(43)}`, by.slice(0, -1), 1]) {
      const { key, accepted } = await oneProblem(signed(wrong));
      assert.equal(key, "publisher.backupSigners[0]");
      assert.match(accepted ?? "", /^ed25519: and 43 characters/u);
    }
    assert.equal(
      (await oneProblem(signed(...Array.from({ length: 9 }, () => by)))).key,
      "publisher.backupSigners",
    );
  });

  test("on a machine that podtrust sets up, goes into a folder that its service sees and that stays", async () => {
    const onMachine = (folder: string): string => {
      const address = { address: "203.0.113.7", user: "root" };
      const parsed = JSON.parse(config({ folder })) as object;
      return JSON.stringify({ ...parsed, machine: { ssh: address, sshKey: "key" } });
    };
    for (const good of ["/mnt/backups/podtrust", "/srv/disk-2/pod_trust@home/", "/tmpfs/podtrust"])
      await parse(onMachine(good));
    for (const [wrong, message] of [
      ["backups", /is no absolute path/u],
      ["~/backups", /is no absolute path/u],
      ["/", /has more in it than letters/u],
      ["/mnt/back ups", /has more in it than letters/u],
      ["/mnt/%h", /has more in it than letters/u],
      ["/mnt/$HOME", /has more in it than letters/u],
      ["/mnt/../etc", /has more in it than letters/u],
      ["/tmp/backups", /lies in \/tmp,/u],
      ["/home/op/backups", /lies in \/home,/u],
      ["/var/lib/private", /lies in \/var\/lib\/private,/u],
      ["/opt/podtrust/backups", /lies in \/opt\/podtrust,/u],
    ] as const) {
      const problem = await oneProblem(onMachine(wrong));
      assert.equal(problem.key, "publisher.backup.folder", wrong);
      assert.match(problem.message, message);
      assert.match(problem.next ?? "", /\/mnt\/backups\/podtrust/u);
    }
    // Elsewhere the folder's owner decides.
    await parse(config({ folder: "/tmp/back ups", otherFileSystem: true }));
    assert.match((await oneProblem(config({ s3: bucket, otherFileSystem: true }))).message, /beside s3/u);
  });

  test("does not go into the bucket that the documents are published in", async () => {
    const published = { bucket: "oidc-docs", region: "eu-central-1" };
    const problem = await oneProblem(config({ s3: published }, { s3: published }));
    assert.equal(problem.key, "publisher.backup.s3.bucket");
    assert.match(problem.message, /documents are published in/u);
    await parse(config({ s3: bucket }, { s3: published }));
  });

  test("is for X25519 recipients alone: no identity, no passphrase, no SSH key", async () => {
    for (const wrong of ["AGE-SECRET-KEY-1QQ", "ssh-ed25519 AAAA", "correct horse", "age1short"]) {
      const problem = await oneProblem(config({ folder: "b", recipients: [wrong] }));
      assert.match(problem.key, /^publisher\.backup\.recipients/u);
    }
  });
});
