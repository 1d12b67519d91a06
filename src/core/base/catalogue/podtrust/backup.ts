import type { CatalogueEntry } from "../entry.ts";

/** Errors about backups, and the age format that they are encrypted in. */
export const backupErrors = {
  "age-key-invalid": {
    summary: "A recipient or an identity of the age format cannot be used.",
    next: "Give recipients as age1…, and the file that podtrust backup keygen or age-keygen wrote as the identity. Only X25519 is supported: no plugins, no SSH keys.",
  },
  "age-wrong-key": {
    summary: "The file is encrypted to other recipients.",
    next: "Give the identity of one of its recipients, or its passphrase.",
  },
  "age-damaged": {
    summary: "A file is not in the age format, or it was changed or cut off.",
    next: "Take another copy of the backup. Nothing of this one was used.",
  },
  "backup-damaged": {
    summary: "A backup opens, and its content is not what podtrust writes: nothing of it is used.",
    next: "Take another backup, and find out who could encrypt to its recipients: they are no secret.",
  },
  "backup-recipients": {
    summary: "The backup has no recipient, so no one could open it.",
    next: "Name recipients: --recipient age1… or publisher.backup.recipients in the config. podtrust backup keygen makes an identity and its recipient. At a terminal, --passphrase asks for a passphrase.",
  },
  "backup-credentials": {
    summary: "Backups would be written with credentials that depend on the issuer that is backed up.",
    next: "Name a profile in publisher.backup.s3.profile whose credentials come from elsewhere: the machine's own, or a key of a user with s3:PutObject alone.",
  },
  "backup-folder": {
    summary:
      "The folder for backups is not separate storage, as it has to be, and nothing is written into it.",
    next: "Mount the disk or share for the backups, and name a folder below its mount point in publisher.backup.folder. On a machine that podtrust sets up, run podtrust up again: it makes the folder.",
  },
  "backup-access-key": {
    summary: "The file with the access key for backups does not hold one that can be used.",
    next: "Make an IAM user with s3:PutObject on the bucket alone, and an access key of its own. Write that into the file: [default], then aws_access_key_id = … and aws_secret_access_key = … on lines of their own.",
  },
  "backup-empty": {
    summary: "There is nothing to back up.",
    next: "Run it where the publisher runs, as its user, with its config; podtrust rotate status shows whether it has published something.",
  },
  "backup-foreign": {
    summary: "The backup is of another stack or issuer than the config.",
    next: "Give the backup of this stack, or the config of that one.",
  },
  "backup-newer": {
    summary: "What is there differs from the backup, and putting the backup in its place would lose it.",
    next: "Read what differs. --replace sets aside what is there and takes the backup's; without it nothing was changed. What is distrusted, here or in the backup, stays distrusted either way.",
  },
  "restore-unfinished": {
    summary: "A restore was cut off, and the publisher does not start on half of it.",
    next: "Run the same podtrust restore again: it continues.",
  },
} as const satisfies Record<string, CatalogueEntry>;
