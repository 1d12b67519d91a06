import { shellWord } from "../../../core/base/index.ts";
import { listConfigFiles } from "../../../rules/distribution/index.ts";
import { roomFunction } from "../room.ts";
import { chartPath, policyPath } from "./cilium.ts";
import { ciliumPath, ciliumRecord, commandsPart, completionPath, profilePath } from "./commands.ts";
import { configFolder, mainConfig } from "./config-file.ts";

/** The binary; kubectl, crictl and ctr are links to it. */
export const binaryPath = "/usr/local/bin/k3s";
/** What k3s keeps: its cluster, and the images that it pulled. */
export const dataPath = "/var/lib/rancher";
/** Where files wait until they are checked. */
export const incoming = "/var/lib/podtrust/incoming";
/** Exists from before a change to what k3s reads until it is restarted. */
const changing = "/var/lib/podtrust/k3s-changing";

/**
 * Reads the present state of k3s, and changes nothing. Answers in lines of `KEY VALUE`, texts as base64. What
 * its API server runs with is asked elsewhere (`running-flags.ts`).
 */
export const inspectScript = `set -eu
say() { printf '%s %s\\n' "$1" "$2"; }
text() { if [ -f "$2" ]; then say "$1" "$2 $(base64 -w0 <"$2")"; fi; }
sum() { sha256sum | cut -d' ' -f1; }
${roomFunction}
say arch "$(uname -m)"
for folder in /etc/rancher /etc/systemd/system "$(dirname ${binaryPath})" ${incoming} ${dataPath}; do room "$folder"; done
binary=
if [ -f ${binaryPath} ]; then
  binary=$(sum <${binaryPath})
  say binary "$binary"
  say version "$(${binaryPath} --version 2>/dev/null | head -n 1 | cut -d' ' -f3)"
fi
${listConfigFiles}text config ${mainConfig}
config_files ${configFolder} | while read -r _ file; do text config "$(printf %s "$file" | base64 -d)"; done
text file /etc/systemd/system/k3s.service
text file ${policyPath}
text file ${profilePath}
${commandsPart}
if [ -f ${chartPath} ]; then
  say chart "$(sed -n 's/^  chartContent: //p' ${chartPath} | base64 -d | sum)"
  say manifest "$(sed 's/^  chartContent: .*$/  chartContent:/' ${chartPath} | base64 -w0)"
fi
if [ -f ${changing} ]; then say changing yes; fi
say active "$(systemctl is-active k3s 2>/dev/null || true)"
`;

/** A file to install on a host, once its SHA-256 is the pinned one. */
export interface PinnedFile {
  readonly path: string;
  readonly sha256: string;
  /** Absent: it was sent beforehand. */
  readonly url?: string;
  /** It is a gzip-compressed tar of which this member is put in place; `record` then has the sums of both. */
  readonly unpack?: { readonly member: string; readonly record: string };
}

// A write that failed for want of room has an exit code of its own with both.
const fetched = (url: string): string => `if command -v curl >/dev/null; then
  curl -fsSL --proto '=https' --retry 3 --connect-timeout 20 --max-time 900 -o ${incoming}/file ${shellWord(url)} || missed $? 23
else
  wget -q --https-only --tries=3 --timeout=60 -O ${incoming}/file ${shellWord(url)} || missed $? 3
fi
`;

const unpacked = ({ member, record }: { readonly member: string; readonly record: string }): string =>
  `tar -xzOf ${incoming}/file ${shellWord(member)} >${incoming}/program
# The mark of ownership comes first: what is cut off after this is found to be ours.
printf '%s %s\\n' "$found" "$(sum <${incoming}/program)" >${record}.podtrust-new
mv -f ${record}.podtrust-new ${record}
`;

/**
 * Puts a checked file in place: downloaded on the host, or the one that was sent beforehand. A file with another
 * SHA-256 is not installed, nor a partial one: a disk may be full, and the file's folder on another than where it was
 * checked. Exit codes: 66 download, 65 checksum.
 */
export function installScript({ path, sha256, url, unpack }: PinnedFile): string {
  const [file, temporary] = [shellWord(path), shellWord(`${path}.podtrust-new`)];
  return `set -eu
sum() { sha256sum | cut -d' ' -f1; }
missed() {
  [ "$1" != "$2" ] || { echo 'No space left on device' >&2; exit 1; }
  exit 66
}
mkdir -p ${incoming} "$(dirname ${file})"
new=${temporary}
trap 'rm -f "$new" ${incoming}/file ${incoming}/program' EXIT
${url === undefined ? "" : fetched(url)}found=$(sum <${incoming}/file)
if [ "$found" != ${sha256} ]; then
  printf 'its SHA-256 is %s\\n' "$found" >&2
  exit 65
fi
${unpack === undefined ? "" : unpacked(unpack)}cp ${incoming}/${unpack === undefined ? "file" : "program"} "$new"
chown root:root "$new"
chmod 0755 "$new"
sync "$new" 2>/dev/null || sync
mv -f "$new" ${file}
`;
}

/** Where a file that is sent waits to be checked. */
export const incomingFile: string = `${incoming}/file`;

/** Where the chart is until it is in the manifest. */
export const chartFile = "/var/lib/podtrust/cilium.tgz";

/** Puts the chart into the manifest, and the whole where k3s applies it. */
export function chartScript(manifest: string): string {
  return `set -eu
mkdir -p "$(dirname ${chartPath})"
umask 077
trap 'rm -f ${chartPath}.podtrust-new' EXIT
printf '%s' ${shellWord(manifest)} | while IFS= read -r line; do
  case $line in
    '  chartContent:') printf '  chartContent: %s\\n' "$(base64 -w0 <${chartFile})" ;;
    *) printf '%s\\n' "$line" ;;
  esac
done >${chartPath}.podtrust-new
mv -f ${chartPath}.podtrust-new ${chartPath}
`;
}

/** Where the datastore is copied to before an upgrade from a version. */
export function datastoreCopy(version: string): string {
  return `${dataPath}/k3s/server-before-${version.replaceAll(/[^\w.+-]/gu, "_")}`;
}

/**
 * Stops k3s and copies its datastore, and what it is useless without (token, keys and certificates), beside it. Pods
 * keep running. A copy of an interrupted upgrade is from before it, and stays. Nothing is copied to a disk without
 * room.
 */
export function copyDatastoreScript(version: string): string {
  const copy = shellWord(datastoreCopy(version));
  return `set -eu
umask 077
cd ${dataPath}/k3s/server 2>/dev/null || exit 0
if [ ! -d db ] || [ -e ${copy} ]; then exit 0; fi
used=$(du -sk . | cut -f1)
free=$(df -Pk . | tail -n 1 | tr -s ' ' | cut -d' ' -f4)
if [ "$free" -le "$((used + 51200))" ]; then
  printf 'No space left on device: the copy of the datastore takes %s KiB, and %s KiB are free\n' "$used" "$free" >&2
  exit 1
fi
trap '[ $? = 0 ] || systemctl start k3s --no-block' EXIT
systemctl stop k3s
rm -rf ${copy}.podtrust-new
mkdir ${copy}.podtrust-new
for part in db token cred tls; do
  if [ -e "$part" ]; then cp -a "$part" ${copy}.podtrust-new/; fi
done
sync
mv ${copy}.podtrust-new ${copy}
`;
}

/** Remembers that k3s has to be restarted, by this run or another: files and binary alone do not show what runs. */
export const beginScript = `set -eu
mkdir -p "$(dirname ${changing})"
: >${changing}
`;

/** Makes systemd read its files again, and starts k3s anew. */
export const restartScript = `set -eu
systemctl daemon-reload
systemctl enable k3s >/dev/null 2>&1
systemctl stop k3s
systemctl start k3s --no-block
rm -f ${changing}
`;

/** Whether the API is ready: exits 0, or prints its answer. */
export const readyScript = `set -eu
state=$(systemctl is-active k3s || true)
case $state in active | activating) ;; *) printf 'the service is %s\\n' "$state"; exit 2 ;; esac
${binaryPath} kubectl get --raw /readyz 2>&1 | tail -n 1
${binaryPath} kubectl get --raw /readyz >/dev/null 2>&1
`;

/** Whether the node is Ready; else what it waits for. */
export const nodeScript = `set -eu
line=$(${binaryPath} kubectl get nodes -o 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}{"\\n"}{end}' 2>&1 | head -n 1)
case $line in
  'True '*) ;;
  *) printf '%s\\n' "$line"; exit 1 ;;
esac
`;

/** The end of k3s's log. */
export const tailScript = "journalctl -u k3s -n 20 -o cat --no-pager 2>&1 | cut -c 1-400";

/** Removes the manifests of a network that the cluster is no longer to have. */
export const noCiliumScript = `set -eu
rm -f ${chartPath} ${policyPath}
`;

/**
 * Removes k3s from the machine. Cilium's interfaces and programs go while the network still works: with its programs
 * left on the cards and their maps gone, the machine may be cut off (k3s-io/docs networking/basic-network-options.md).
 */
export const removeScript = `set -eu
if [ -x ${binaryPath} ] && [ -f ${chartPath} ]; then
  rm -f ${chartPath} ${policyPath}
fi
for link in cilium_host cilium_net cilium_vxlan cilium_geneve; do
  if ip link show "$link" >/dev/null 2>&1; then ip link delete "$link" || true; fi
done
for tool in iptables ip6tables; do
  if command -v "$tool-save" >/dev/null && "$tool-save" | grep -qi cilium; then
    "$tool-save" | grep -vi cilium | "$tool-restore"
  fi
done
systemctl disable --now k3s >/dev/null 2>&1 || true
for pid in $(pgrep -f '/var/lib/rancher/k3s/data/[^/]*/bin/containerd-shim' || true); do kill -9 "$pid" 2>/dev/null || true; done
for link in cni0 flannel.1 flannel-v6.1 flannel-wg kube-ipvs0; do
  if ip link show "$link" >/dev/null 2>&1; then ip link delete "$link" || true; fi
done
for tool in iptables ip6tables; do
  if command -v "$tool-save" >/dev/null && "$tool-save" | grep -qE 'KUBE-|CNI-|flannel'; then
    "$tool-save" | grep -v KUBE- | grep -v CNI- | grep -iv flannel | "$tool-restore"
  fi
done
awk '$2 ~ "^(/run/k3s|/var/lib/rancher/k3s|/var/lib/kubelet/pods|/run/netns/cni-)" { print $2 }' /proc/self/mounts | sort -r | while IFS= read -r mount; do
  umount "$mount" || true
done
for name in kubectl crictl ctr; do
  if [ "$(readlink "/usr/local/bin/$name" || true)" = k3s ]; then rm -f "/usr/local/bin/$name"; fi
done
rm -rf /etc/rancher/k3s /var/lib/rancher/k3s /var/lib/kubelet /run/k3s /run/flannel /etc/cni/net.d/05-cilium.conflist /var/run/cilium
rm -f ${completionPath("kubectl")} ${profilePath}
if [ -f ${ciliumRecord} ]; then rm -f ${completionPath("cilium")} ${ciliumPath} ${ciliumRecord}; fi
rm -f /etc/systemd/system/k3s.service ${binaryPath} ${chartFile} ${changing}
systemctl daemon-reload
`;
