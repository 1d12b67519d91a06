import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { PythonVenv } from "../python-venv.ts";
import type { Step } from "./judge.ts";
import { noHome } from "../nowhere.ts";

/** What `hcloud` of PyPI is asked to do with each stand-in that it is told of on standard input. */
const script = `
import json, sys, time
from hcloud import Client, APIException
from hcloud.firewalls.domain import FirewallRule, FirewallResource
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.server_types import ServerType
from hcloud.servers.domain import ServerCreatePublicNetwork
from hcloud.zones.domain import ZoneRecord

def same(seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{seen!r} and not {wanted!r}")

def refused(work):
    try:
        work()
    except APIException as refusal:
        return refusal.code
    return "none"

def names(things):
    return sorted(thing.name for thing in things)

def patient(work):
    deadline = time.monotonic() + 10
    while True:
        try:
            return work()
        except APIException as refusal:
            if refusal.code not in ("resource_in_use", "must_be_unassigned", "conflict", "locked") or time.monotonic() > deadline:
                raise
            time.sleep(0.03)

def steps(asked):
    connect = lambda token: Client(token=token, api_endpoint=asked["endpoint"], poll_interval=0.02, poll_max_retries=200)
    client = connect(asked["token"])
    kept = {}
    steps = {}
    step = lambda work: steps.__setitem__(work.__doc__, work)

    @step
    def _():
        "a token that nobody made is refused"
        same(refused(lambda: connect("x" * 64).locations.get_all()), "unauthorized")
    @step
    def _():
        "a token that may read only reads, and writes nothing"
        reader = connect(asked["readOnly"])
        same(len(reader.ssh_keys.get_all()), 0)
        same(refused(lambda: reader.ssh_keys.create(name="no", public_key=asked["key"])), "forbidden")
    @step
    def _():
        "a key is made with its labels, and found by name and fingerprint"
        key = kept["key"] = client.ssh_keys.create(name="prod", public_key=asked["key"], labels={"stack": "prod"})
        same([key.name, key.labels, key.public_key], ["prod", {"stack": "prod"}, asked["key"]])
        same(client.ssh_keys.get_by_name("prod").id, key.id)
        same(client.ssh_keys.get_by_fingerprint(key.fingerprint).id, key.id)
        same(client.ssh_keys.get_by_name("other"), None)
    @step
    def _():
        "the same key under another name is refused"
        same(refused(lambda: client.ssh_keys.create(name="other", public_key=asked["key"])), "uniqueness_error")
    @step
    def _():
        "what is no key is refused"
        same(refused(lambda: client.ssh_keys.create(name="other", public_key="none")), "invalid_input")
    @step
    def _():
        "a key gets another name and other labels"
        key = kept["key"].update(name="renamed", labels={"stack": "dev"})
        same([key.name, key.labels], ["renamed", {"stack": "dev"}])
        same(names(client.ssh_keys.get_all(label_selector="stack=dev")), ["renamed"])
        same(names(client.ssh_keys.get_all(label_selector="stack in (prod)")), [])
    @step
    def _():
        "a firewall has its rules, and they are replaced as a whole"
        rule = FirewallRule(direction="in", protocol="tcp", port="443", source_ips=["0.0.0.0/0", "2001:DB8::/32"])
        made = client.firewalls.create(name="prod", labels={"stack": "prod"}, rules=[rule])
        firewall = kept["firewall"] = made.firewall
        same([(one.port, one.source_ips) for one in firewall.rules], [("443", ["0.0.0.0/0", "2001:db8::/32"])])
        for action in firewall.set_rules([FirewallRule(direction="in", protocol="icmp", source_ips=["0.0.0.0/0"])]):
            action.wait_until_finished()
        same([one.protocol for one in client.firewalls.get_by_id(firewall.id).rules], ["icmp"])
    @step
    def _():
        "another firewall by the same name is refused"
        same(refused(lambda: client.firewalls.create(name="prod")), "uniqueness_error")
    @step
    def _():
        "a rule without a network, and one of icmp with a port, are refused"
        bad = lambda **rule: refused(lambda: client.firewalls.create(name="bad", rules=[FirewallRule(**rule)]))
        same(bad(direction="in", protocol="tcp", port="443", source_ips=["10.0.0.1/8"]), "invalid_input")
        same(bad(direction="in", protocol="icmp", port="443", source_ips=["10.0.0.0/8"]), "invalid_input")
    @step
    def _():
        "addresses of both families are made in a location, and belong to nobody"
        make = lambda family: client.primary_ips.create(type=family, name=f"prod-{family}", location=Location(name="nbg1"), auto_delete=False, labels={"stack": "prod"})
        kept["ips"] = [make(family).primary_ip for family in ("ipv4", "ipv6")]
        same([(one.type, one.auto_delete, one.assignee_id, one.ip.endswith("/64")) for one in kept["ips"]], [("ipv4", False, None, False), ("ipv6", False, None, True)])
    @step
    def _():
        "a protected address is not deleted"
        ip = kept["ips"][0]
        ip.change_protection(delete=True).wait_until_finished()
        same(client.primary_ips.get_by_id(ip.id).protection, {"delete": True})
        same(refused(ip.delete), "protected")
        ip.change_protection(delete=False).wait_until_finished()
    @step
    def _():
        "server types and images are told apart by architecture"
        same([client.server_types.get_by_name("cax11").architecture, client.server_types.get_by_name("none")], ["arm", None])
        images = client.images.get_all(name="ubuntu-24.04", architecture="arm")
        same([(one.name, one.architecture) for one in images], [("ubuntu-24.04", "arm")])
    @step
    def _():
        "a server is made with all of it, started, and awaited by its actions"
        ipv4, ipv6 = kept["ips"]
        made = client.servers.create(
            name="prod", server_type=ServerType(name="cax11"), image=Image(name="ubuntu-24.04"), location=Location(name="nbg1"),
            ssh_keys=[kept["key"]], firewalls=[kept["firewall"]], user_data="#cloud-config\\n", labels={"stack": "prod"},
            public_net=ServerCreatePublicNetwork(ipv4=ipv4, ipv6=ipv6, enable_ipv4=True, enable_ipv6=True),
        )
        same([made.root_password, made.action.command, [one.command for one in made.next_actions]], [None, "create_server", ["start_server"]])
        made.action.wait_until_finished()
        for action in made.next_actions:
            action.wait_until_finished()
        server = kept["server"] = client.servers.get_by_id(made.server.id)
        same([server.status, server.server_type.name, server.image.name, server.labels], ["running", "cax11", "ubuntu-24.04", {"stack": "prod"}])
        same([server.public_net.ipv4.ip, server.public_net.ipv6.ip], [ipv4.ip, ipv6.ip])
        same(client.primary_ips.get_by_id(ipv4.id).assignee_id, server.id)
    @step
    def _():
        "a firewall given at creation is applied, and knows its server"
        deadline = time.monotonic() + 10
        while client.servers.get_by_id(kept["server"].id).public_net.firewalls[0].status != "applied":
            if time.monotonic() > deadline: raise AssertionError("never applied")
            time.sleep(0.03)
        same([one.server.id for one in client.firewalls.get_by_id(kept["firewall"].id).applied_to], [kept["server"].id])
    @step
    def _():
        "another server by the same name is refused"
        more = dict(server_type=ServerType(name="cax11"), image=Image(name="ubuntu-24.04"), location=Location(name="nbg1"))
        same(refused(lambda: client.servers.create(name="prod", **more)), "uniqueness_error")
    @step
    def _():
        "a server of a type that is not there is refused"
        more = dict(image=Image(name="ubuntu-24.04"), location=Location(name="nbg1"))
        same(refused(lambda: client.servers.create(name="other", server_type=ServerType(name="none"), **more)), "invalid_input")
    @step
    def _():
        "what is in use is not deleted"
        same(refused(kept["firewall"].delete), "resource_in_use")
        same(refused(kept["ips"][0].delete), "must_be_unassigned")
    @step
    def _():
        "an address is taken off a server that is off alone"
        ip = kept["ips"][0]
        same(refused(ip.unassign), "server_not_stopped")
        kept["server"].power_off().wait_until_finished()
        same(client.servers.get_by_id(kept["server"].id).status, "off")
        ip.unassign().wait_until_finished()
        same(client.primary_ips.get_by_id(ip.id).assignee_id, None)
        ip.assign(kept["server"].id, "server").wait_until_finished()
        kept["server"].power_on().wait_until_finished()
        same(client.servers.get_by_id(kept["server"].id).status, "running")
    @step
    def _():
        "a protected server is neither deleted nor rebuilt"
        kept["server"].change_protection(delete=True, rebuild=True).wait_until_finished()
        same(refused(kept["server"].delete), "protected")
        kept["server"].change_protection(delete=False, rebuild=False).wait_until_finished()
    @step
    def _():
        "lists are walked page by page, and sorted as asked"
        for number in range(3):
            client.firewalls.create(name=f"page-{number}", labels={"page": str(number)})
        page = client.firewalls.get_list(page=2, per_page=3, sort="name:desc")
        same(page.meta.pagination.total_entries, 4)
        same(names(page.firewalls), ["page-0"])
        same([one.name for one in client.firewalls.get_list(sort="name:desc").firewalls], ["prod", "page-2", "page-1", "page-0"])
        same(names(client.firewalls.get_all(label_selector="page!=1,page")), ["page-0", "page-2"])
        same(names(client.firewalls.get_all(label_selector="!page")), ["prod"])
        same(names(client.firewalls.get_all(label_selector="page notin (0, 1),page")), ["page-2"])
        for one in client.firewalls.get_all(label_selector="page"):
            one.delete()
    @step
    def _():
        "a set of DNS records is made once, changed, and deleted"
        zone = client.zones.get("example.com")
        zone.create_rrset(name="oidc", type="A", ttl=60, records=[ZoneRecord(value="203.0.113.7")], labels={"stack": "prod"}).action.wait_until_finished()
        same(refused(lambda: zone.create_rrset(name="oidc", type="A", records=[ZoneRecord(value="203.0.113.8")])), "uniqueness_error")
        rrset = zone.get_rrset("oidc", "A")
        same([rrset.id, rrset.ttl, rrset.labels], ["oidc/A", 60, {"stack": "prod"}])
        rrset.add_rrset_records([ZoneRecord(value="203.0.113.9")]).wait_until_finished()
        rrset.change_rrset_ttl(300).wait_until_finished()
        [found] = zone.get_rrset_all(label_selector="stack=prod")
        same([found.ttl, sorted(one.value for one in found.records)], [300, ["203.0.113.7", "203.0.113.9"]])
        rrset.delete_rrset().action.wait_until_finished()
        same(zone.get_rrset_all(label_selector="stack=prod"), [])
    @step
    def _():
        "all of it is given back, and what is gone is not found"
        kept["server"].delete().wait_until_finished()
        patient(kept["firewall"].delete)
        for ip in kept["ips"]:
            patient(ip.delete)
        kept["key"].delete()
        same(refused(kept["key"].delete), "not_found")
        same(refused(lambda: client.servers.get_by_id(kept["server"].id)), "not_found")
        same([len(one.get_all()) for one in (client.servers, client.firewalls, client.primary_ips, client.ssh_keys)], [0, 0, 0, 0])
    return steps

for line in sys.stdin:
    seen = []
    for name, work in steps(json.loads(line)).items():
        try:
            work()
            seen.append({"step": name})
        except Exception as error:
            seen.append({"step": name, "error": f"{type(error).__name__}: {error}"})
    print(json.dumps(seen), flush=True)
`;

/** A stand-in that is asked, and what it is asked with. */
export interface HcloudProbeInput {
  readonly endpoint: string;
  readonly token: string;
  readonly readOnly: string;
  /** A public key in OpenSSH's form. */
  readonly key: string;
}

/** The probe as one process for many stand-ins: Python takes longer to start than to ask one. */
export interface HcloudProbe {
  ask(asked: HcloudProbeInput): Promise<readonly Step[]>;
  close(): void;
}

/** Starts it; whoever starts it closes it. Stand-ins are asked one after another. */
export function startHcloudProbe(venv: PythonVenv): HcloudProbe {
  const child = spawn(venv.program("python"), ["-c", script], {
    env: { HOME: noHome },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(asked) {
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the probe has ended");
      return JSON.parse(value) as readonly Step[];
    },
    close: () => void child.stdin.end(),
  };
}
