import { defined, type ErrorCode, PodtrustError } from "../../core/base/index.ts";
import { type SshTarget, targetText } from "./target.ts";

interface Sign {
  readonly code: ErrorCode;
  readonly shows: RegExp;
  readonly says: string;
  readonly next?: string;
}

// OpenSSH reports errors only in English, and all by exit code 255. Texts: ssh.c, sshconnect.c, sshconnect2.c, misc.c,
// packet.c; the system's own follow a colon. The first that fits counts.
const signs: readonly Sign[] = [
  {
    code: "ssh-host-key",
    shows: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for/u,
    says: "shows a host key that is not the pinned one",
  },
  {
    code: "ssh-denied",
    shows: /Permission denied \(|Too many authentication failures/u,
    says: "accepts none of the keys offered",
  },
  {
    code: "ssh-denied",
    shows:
      /UNPROTECTED PRIVATE KEY FILE|Load key .{1,300}: (?:bad permissions|invalid format|error in libcrypto)/u,
    says: "was offered no key, because ssh could not use the key file",
    next: "Look at the file's form and mode: a private key has mode 0600.",
  },
  {
    code: "ssh-unreachable",
    shows: /Could not resolve hostname|Name or service not known/u,
    says: "has a name that resolves to no address",
    next: "Check the address in the config.",
  },
  {
    code: "ssh-unreachable",
    shows: /Connection refused/u,
    says: "refused the connection: nothing listens there, or it is still booting",
    next: "Check address and port; a machine that is booting answers after a minute.",
  },
  {
    code: "ssh-unreachable",
    shows: /timed out|No route to host|Network is unreachable|Operation timed out/u,
    says: "did not answer",
    next: "Check that it runs, and that its firewall lets your address through to the SSH port: your own may have changed.",
  },
  {
    code: "ssh-failed",
    shows: /Unable to negotiate|no matching .{1,60} found/u,
    says: "offers no algorithm that this ssh knows",
    next: "Update OpenSSH on the older of both sides.",
  },
  {
    code: "ssh-lost",
    shows:
      /Connection (?:reset|closed)|Broken pipe|closed by remote host|not responding|client_loop|kex_exchange_identification|mux_client/u,
    says: "closed the connection",
  },
];

const noise = /^(?:Warning: Permanently added|\*\* |debug\d?:|Pseudo-terminal|Killed by signal)/u;

/** What ssh said last, in one line, without the lines that say nothing. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[@\s]+$/u.test(line) && !noise.test(line));
  return lines.at(-1)?.slice(0, 300) ?? "it said nothing";
}

/** What ssh's exit code 255 and its words mean: `ssh-unreachable`, `ssh-host-key`, `ssh-denied`, `ssh-lost`, `ssh-failed`. */
export function sshFailure(target: SshTarget, stderr: string): PodtrustError {
  const sign = signs.find(({ shows }) => shows.test(stderr));
  const where = targetText(target);
  const detail = { address: target.address, port: target.port, user: target.user };
  if (sign === undefined) {
    return new PodtrustError("ssh-failed", `${where}: ssh failed: ${lastWords(stderr)}`, { detail });
  }
  return new PodtrustError(sign.code, `${where} ${sign.says} (ssh: ${lastWords(stderr)})`, {
    detail,
    ...defined({ next: sign.next }),
  });
}
