import { shellWord } from "../../base/index.ts";
import { chartPath, policyPath } from "./cilium.ts";
import { configFolder } from "./config-file.ts";

/** The binary; kubectl, crictl and ctr are links to it. */
export const binaryPath = "/usr/local/bin/k3s";
/** Where files wait until they are checked. */
const incoming = "/var/lib/podtrust/incoming";

/**
 * Looks at k3s as it is, and changes nothing. Answers in lines of `KEY VALUE`, texts as base64. The API server's flags
 * are those of the start that systemd counts as the present one.
 */
export const inspectScript = `set -eu
say() { printf '%s %s\\n' "$1" "$2"; }
text() { if [ -f "$2" ]; then say "$1" "$2 $(base64 -w0 <"$2")"; fi; }
sum() { sha256sum | cut -d' ' -f1; }
say arch "$(uname -m)"
if [ -f ${binaryPath} ]; then
  say binary "$(sum <${binaryPath})"
  say version "$(${binaryPath} --version 2>/dev/null | head -n 1 | cut -d' ' -f3)"
fi
for file in /etc/rancher/k3s/config.yaml ${configFolder}/*.yaml; do text config "$file"; done
text file /etc/systemd/system/k3s.service
text file ${policyPath}
if [ -f ${chartPath} ]; then
  say chart "$(sed -n 's/^  chartContent: //p' ${chartPath} | base64 -d | sum)"
  say manifest "$(sed 's/^  chartContent: .*$/  chartContent:/' ${chartPath} | base64 -w0)"
fi
say active "$(systemctl is-active k3s 2>/dev/null || true)"
start=$(systemctl show -p InvocationID --value k3s 2>/dev/null || true)
line=
if [ -n "$start" ]; then
  line=$(journalctl -o cat _SYSTEMD_INVOCATION_ID="$start" 2>/dev/null | grep 'Running kube-apiserver ' | tail -n 1) || true
fi
if [ -z "$line" ]; then
  for pid in $(pgrep -x kube-apiserver 2>/dev/null || true); do
    line=$(tr '\\0' ' ' <"/proc/$pid/cmdline") || true
  done
fi
# A journal forgets; the API server's own document tells the first issuer at least.
if [ -z "$line" ] && [ -f /etc/rancher/k3s/k3s.yaml ]; then
  document=$(timeout 20 ${binaryPath} kubectl get --raw /.well-known/openid-configuration 2>/dev/null | base64 -w0) || true
  if [ -n "$document" ]; then say document "$document"; fi
fi
if [ -n "$line" ]; then say flags "$(printf '%s' "$line" | base64 -w0)"; fi
`;

/**
 * Puts a checked file in place: downloaded on the host, or the one that was sent beforehand. Nothing is put in place
 * whose SHA-256 is another. Exit codes: 66 download, 65 checksum.
 */
export function installScript(file: {
  readonly path: string;
  readonly sha256: string;
  readonly url?: string;
}): string {
  const { path, sha256, url } = file;
  const fetch =
    url === undefined
      ? ""
      : `rm -f ${incoming}/file
if command -v curl >/dev/null; then
  curl -fsSL --proto '=https' --retry 3 --connect-timeout 20 --max-time 900 -o ${incoming}/file ${shellWord(url)} || exit 66
else
  wget -q --https-only --tries=3 --timeout=60 -O ${incoming}/file ${shellWord(url)} || exit 66
fi
`;
  return `set -eu
mkdir -p ${incoming} "$(dirname ${shellWord(path)})"
${fetch}found=$(sha256sum <${incoming}/file | cut -d' ' -f1)
if [ "$found" != ${sha256} ]; then
  rm -f ${incoming}/file
  printf 'its SHA-256 is %s\\n' "$found" >&2
  exit 65
fi
chown root:root ${incoming}/file
chmod 0755 ${incoming}/file
mv -f ${incoming}/file ${shellWord(path)}
`;
}

/** Where a file that is sent waits to be checked. */
export const incomingFile: string = `${incoming}/file`;

/** Puts the chart into the manifest that comes on standard input, and the whole where k3s applies it. */
export const chartScript = `set -eu
mkdir -p "$(dirname ${chartPath})"
umask 077
while IFS= read -r line; do
  case $line in
    '  chartContent:') printf '  chartContent: %s\\n' "$(base64 -w0 </var/lib/podtrust/cilium.tgz)" ;;
    *) printf '%s\\n' "$line" ;;
  esac
done >${chartPath}.podtrust-new
mv -f ${chartPath}.podtrust-new ${chartPath}
`;

/**
 * kubectl and its completion for whoever logs in. The administrator's kubeconfig stays root's: who is not root runs
 * kubectl by sudo, which needs no copy of it that would grow stale.
 */
export const linksScript = `set -eu
for name in kubectl crictl ctr; do
  if [ ! -e "/usr/local/bin/$name" ]; then ln -s k3s "/usr/local/bin/$name"; fi
done
mkdir -p /etc/bash_completion.d
${binaryPath} kubectl completion bash >/etc/bash_completion.d/podtrust-kubectl.new
mv -f /etc/bash_completion.d/podtrust-kubectl.new /etc/bash_completion.d/podtrust-kubectl
mkdir -p /etc/profile.d
printf '%s\\n' '[ -r /etc/rancher/k3s/k3s.yaml ] || alias kubectl="sudo kubectl"' >/etc/profile.d/podtrust-kubectl.sh
`;

/** Makes systemd read its files again, and starts k3s anew. */
export const restartScript = `set -eu
systemctl daemon-reload
systemctl enable k3s >/dev/null 2>&1
systemctl stop k3s
systemctl start k3s --no-block
`;

/** Whether the API is ready: exits 0, or says what it says in place of that. */
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

/** Takes away the manifests whose cluster is to have another network, or none of ours. */
export const noCiliumScript = `set -eu
rm -f ${chartPath} ${policyPath}
`;

/**
 * Takes k3s off the machine. Cilium's interfaces and programs go while the network still stands: with its programs left
 * on the cards and their maps gone, the machine may be cut off (k3s-io/docs networking/basic-network-options.md).
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
rm -f /etc/bash_completion.d/podtrust-kubectl /etc/profile.d/podtrust-kubectl.sh
rm -f /etc/systemd/system/k3s.service ${binaryPath} /var/lib/podtrust/cilium.tgz
systemctl daemon-reload
`;
