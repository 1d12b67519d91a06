/** What stands for a cloud's metadata service on a machine that is in no cloud: an address beyond a cable of its own. */

export const metadataAddress = "169.254.169.254";
/** Another address of the same server: what a pod reaches there shows that it is the policy that denies the first. */
export const otherAddress = "198.51.100.254";
export const metadataPort = 8099;

const namespace = "podtrust-metadata";

/** Shell, for root: makes it, where the address is not a real one already. Python is on every cloud image. */
export const startMetadata = `set -eu
ip netns add ${namespace}
ip link add pt-meta type veth peer name eth0 netns ${namespace}
ip addr add 198.51.100.253/32 dev pt-meta
ip link set pt-meta up
ip -n ${namespace} link set lo up
ip -n ${namespace} link set eth0 up
for address in ${metadataAddress} ${otherAddress}; do
  ip -n ${namespace} addr add "$address/32" dev eth0
  ip route replace "$address/32" dev pt-meta src 198.51.100.253
done
ip -n ${namespace} route add default dev eth0
mkdir -p /run/podtrust-metadata
echo metadata >/run/podtrust-metadata/index.html
cd /run/podtrust-metadata
nohup ip netns exec ${namespace} python3 -m http.server ${metadataPort} >/dev/null 2>&1 &
echo $! >/run/podtrust-metadata/pid
tries=0
until [ "$(python3 -c 'import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())' "http://${metadataAddress}:${metadataPort}/" 2>/dev/null)" != "" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || { echo 'the metadata service does not answer' >&2; exit 1; }
  sleep 0.2
done
`;

/** Shell, for root: takes it away again; what is gone already is no failure: the kernel may have been faster. */
export const stopMetadata = `set +e -u
[ ! -f /run/podtrust-metadata/pid ] || kill "$(cat /run/podtrust-metadata/pid)" 2>/dev/null
rm -rf /run/podtrust-metadata
ip netns delete ${namespace} 2>/dev/null
ip link delete pt-meta 2>/dev/null
exit 0
`;
