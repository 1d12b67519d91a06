import { stackRemark } from "../../../rules/plan/index.ts";
import { k3sKubeconfigPath as kubeconfig } from "./kubeconfig.ts";
import type { GoArchitecture, HostFile, K3sSpec } from "./spec.ts";

/** The cilium command, where there is one. */
export const ciliumPath = "/usr/local/bin/cilium";
/** The mark that the command is ours: the SHA-256 of the archive and of the program that was in it. */
export const ciliumRecord = "/var/lib/podtrust/cilium-cli";

export const profilePath = "/etc/profile.d/podtrust-kubectl.sh";

/** The file that bash's completion of a command is in. */
export const completionPath = (command: string): string => `/etc/bash_completion.d/podtrust-${command}`;

/**
 * Commands for logged-in users. The administrator's kubeconfig stays root's: other users run kubectl by sudo, which
 * needs no copy that would grow stale. cilium does not know where k3s has it.
 */
export function profileFile({ stack, cilium }: K3sSpec): HostFile {
  const env = `KUBECONFIG=${kubeconfig}`;
  const lines = [
    `# ${stackRemark(stack)}`,
    `[ -r ${kubeconfig} ] || alias kubectl="sudo kubectl"`,
    ...(cilium?.cli === undefined
      ? []
      : [`alias cilium="${env} cilium"`, `[ -r ${kubeconfig} ] || alias cilium="sudo ${env} cilium"`]),
  ];
  return { path: profilePath, text: `${lines.join("\n")}\n`, mode: 0o644 };
}

/** Where the host downloads the cilium command (github.com/cilium/cilium-cli, releases). */
export function ciliumCliUrl(version: string, architecture: GoArchitecture): string {
  const release = encodeURIComponent(version);
  return `https://github.com/cilium/cilium-cli/releases/download/${release}/cilium-linux-${architecture}.tar.gz`;
}

/**
 * Shell: a function that checks whether a command's completion is that of the program with this sum, as it was written.
 * Its first line has both sums, so that the check does not run the program.
 */
const completesFunction = `completes() {
  [ -f "/etc/bash_completion.d/podtrust-$1" ] || return 1
  [ "$(head -n 1 "/etc/bash_completion.d/podtrust-$1")" = "# podtrust $2 $(tail -n +2 "/etc/bash_completion.d/podtrust-$1" | sum)" ]
}`;

/** Looks at the commands, with `say` and `sum` of the script that it is a part of, and k3s's sum in `$binary`. */
export const commandsPart = `${completesFunction}
if [ -n "$binary" ] && [ -e /usr/local/bin/kubectl ] && completes kubectl "$binary"; then say kubectl ready; fi
if [ -f ${ciliumRecord} ]; then
  read -r archive program <${ciliumRecord} || true
  say cli "$archive"
  if [ -x ${ciliumPath} ] && [ "$(sum <${ciliumPath})" = "$program" ] && completes cilium "$program"; then say cli-intact yes; fi
elif [ -e ${ciliumPath} ]; then
  say cli-taken yes
fi`;

/** Shell: writes the completion that `$3…` prints for the command `$1`, whose program is `$2`. */
const completeFunction = `write_completion() {
  file=/etc/bash_completion.d/podtrust-$1 program=$2
  shift 2
  mkdir -p /etc/bash_completion.d
  trap 'rm -f "$file.podtrust-new"' EXIT
  text=$("$@")
  {
    printf '# podtrust %s %s\\n' "$(sha256sum <"$program" | cut -d' ' -f1)" "$(printf '%s\\n' "$text" | sha256sum | cut -d' ' -f1)"
    printf '%s\\n' "$text"
  } >"$file.podtrust-new"
  chmod 0644 "$file.podtrust-new"
  mv -f "$file.podtrust-new" "$file"
}`;

/** kubectl and k3s's other commands, where the machine has none of its own, and kubectl's completion. */
export const kubectlScript = `set -eu
${completeFunction}
for name in kubectl crictl ctr; do
  if [ ! -e "/usr/local/bin/$name" ]; then ln -s k3s "/usr/local/bin/$name"; fi
done
write_completion kubectl /usr/local/bin/k3s /usr/local/bin/k3s kubectl completion bash
`;

/** The completion of a cilium command that was put in place. */
export const ciliumCompletionScript = `set -eu
${completeFunction}
write_completion cilium ${ciliumPath} ${ciliumPath} completion bash
`;

/** Removes the cilium command, if it is ours; the record goes last. */
export const noCiliumCliScript = `set -eu
if [ -f ${ciliumRecord} ]; then
  rm -f ${completionPath("cilium")} ${ciliumPath}
  rm -f ${ciliumRecord}
fi
`;
