"""deploy/kubernetes: what refers to what, what is locked down, and flags that squall really has.

The kustomizations are read here as far as they go (resources, images, JSON patches); where kubectl
is at hand, what it makes of them must be the same."""

import copy
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import yaml

import context  # noqa: F401
from support import squall

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/kubernetes"
VERSION = re.search(r"project\(squall VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
API_VERSIONS = {"Service": "v1", "Deployment": "apps/v1", "Job": "batch/v1",
                "NetworkPolicy": "networking.k8s.io/v1"}
AGENTS = {"app.kubernetes.io/name": "squall", "app.kubernetes.io/component": "agent"}
CONTROLLERS = {"app.kubernetes.io/name": "squall", "app.kubernetes.io/component": "controller"}


def apply(patch, resource):
    """A JSON patch (RFC 6902) of the three kinds that we use."""
    for change in patch:
        *way, last = change["path"].split("/")[1:]
        place = resource
        for key in way:
            place = place[int(key) if isinstance(place, list) else key]
        key = int(last) if isinstance(place, list) else last
        if change["op"] == "test":
            assert place[key] == change["value"], (change, place[key])
        elif change["op"] == "replace":
            assert place[key] is not None
            place[key] = change["value"]
        elif change["op"] == "remove":
            del place[key]
        else:
            raise AssertionError(f"unknown {change}")


def read(folder):
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def pod(resource):
    """The specification of its pods; empty: it has none."""
    return resource["spec"].get("template", {}).get("spec", {})


def build(folder):
    """The resources of a kustomization."""
    kustomization = read(folder)
    unknown = kustomization.keys() - {"apiVersion", "kind", "resources", "images", "patches"}
    assert not unknown, unknown
    resources = []
    for name in kustomization["resources"]:
        path = (folder / name).resolve()
        resources += build(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    resources = copy.deepcopy(resources)
    for patch in kustomization.get("patches", []):
        target = patch["target"]
        matching = [resource for resource in resources if resource["kind"] == target["kind"]
                    and target.get("name") in (None, resource["metadata"]["name"])]
        assert matching, target
        for resource in matching:
            apply(yaml.safe_load(patch["patch"]), resource)
    for image in kustomization.get("images", []):
        for resource in resources:
            for container in pod(resource).get("containers", []):
                if container["image"] == image["name"]:
                    container["image"] += f":{image['newTag']}"
    return resources


def by_kind(resources):
    resources = list(resources)
    found = {resource["kind"]: resource for resource in resources}
    assert len(found) == len(resources)
    return found


def flags_of(command):
    text = subprocess.run([squall.SQUALL, command, "--help"], check=True, capture_output=True,
                          text=True).stdout
    return set(re.findall(r"--[\w-]+", text))


class Kubernetes(unittest.TestCase):
    def folders(self):
        return sorted(path.parent for path in FOLDER.rglob("kustomization.yaml"))

    def test_every_file_is_used(self):
        used = {(folder / name).resolve() for folder in self.folders()
                for name in ["kustomization.yaml", *read(folder)["resources"]]}
        self.assertLessEqual({path for path in FOLDER.rglob("*") if path.is_file()}, used)

    def test_kinds(self):
        for folder in self.folders():
            for resource in build(folder):
                with self.subTest(f"{folder} {resource['kind']}"):
                    self.assertEqual(resource["apiVersion"], API_VERSIONS[resource["kind"]])
                    self.assertRegex(resource["metadata"]["name"], r"^[a-z][a-z-]*$")

    def test_as_kubectl_has_it(self):
        if not shutil.which("kubectl"):
            self.skipTest("no kubectl here")
        for folder in self.folders():
            with self.subTest(folder):
                result = subprocess.run(["kubectl", "kustomize", folder], capture_output=True,
                                        text=True, check=True)
                kubectl = by_kind(yaml.safe_load_all(result.stdout))
                self.assertEqual(kubectl, by_kind(build(folder)))

    def check_locked_down(self, spec):
        self.assertIs(spec["automountServiceAccountToken"], False)
        self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
        self.assertGreater(spec["securityContext"]["runAsUser"], 0)
        self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(name, spec)
        for container in spec["containers"]:
            security = container["securityContext"]
            self.assertIs(security["allowPrivilegeEscalation"], False)
            self.assertIs(security["readOnlyRootFilesystem"], True)
            self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
            self.assertNotIn("privileged", security)
            self.assertIn("memory", container["resources"]["limits"])
            self.assertIn("cpu", container["resources"]["requests"])
            # Who throttles an agent measures that.
            self.assertNotIn("cpu", container["resources"]["limits"])

    def check_volumes(self, spec):
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        mounts = {mount["name"]: mount for container in spec["containers"]
                  for mount in container.get("volumeMounts", [])}
        self.assertEqual(volumes.keys(), mounts.keys())
        for name, volume in volumes.items():
            if "secret" in volume:
                self.assertIs(mounts[name]["readOnly"], True)
        # A file that an argument names is below something mounted.
        paths = [mount["mountPath"] for mount in mounts.values()]
        for container in spec["containers"]:
            for argument in container["args"]:
                if file := re.match(r"--(?:tls|state)=(/\S+)", argument):
                    self.assertTrue(any(file[1].startswith(path) for path in paths), argument)

    def test_pods(self):
        for folder in self.folders():
            for resource in build(folder):
                if not (spec := pod(resource)):
                    continue
                with self.subTest(f"{folder} {resource['kind']}"):
                    self.check_locked_down(spec)
                    self.check_volumes(spec)
                    container, = spec["containers"]
                    self.assertEqual(container["image"], f"squall:{VERSION}")
                    command, *arguments = container["args"]
                    given = {argument.split("=")[0] for argument in arguments
                             if argument.startswith("--")}
                    self.assertLessEqual(given, flags_of(command))

    def test_who_reaches_whom(self):
        for folder in (FOLDER / "agents", FOLDER / "insecure/agents"):
            found = by_kind(build(folder))
            deployment, service, policy = (found[kind] for kind in
                                           ("Deployment", "Service", "NetworkPolicy"))
            labels = deployment["spec"]["template"]["metadata"]["labels"]
            self.assertEqual(labels, AGENTS)
            self.assertEqual(deployment["spec"]["selector"]["matchLabels"], labels)
            spread, = pod(deployment)["topologySpreadConstraints"]
            self.assertEqual(spread["labelSelector"]["matchLabels"], labels)
            self.assertEqual(service["spec"]["selector"], labels)
            self.assertEqual(service["spec"]["clusterIP"], "None", "headless: every address")
            container, = pod(deployment)["containers"]
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            self.assertEqual(ports, {"control": 7400, "health": 7401})
            self.assertEqual([(port["port"], ports[port["targetPort"]])
                              for port in service["spec"]["ports"]], [(7400, 7400)])
            self.assertIn(f"--listen=0.0.0.0:{ports['control']}", container["args"])
            self.assertIn(f"--health=0.0.0.0:{ports['health']}", container["args"])
            for probe in ("readinessProbe", "livenessProbe"):
                self.assertEqual(container[probe]["grpc"]["port"], ports["health"])
            self.assertEqual(policy["spec"]["podSelector"]["matchLabels"], labels)
            self.assertEqual(set(policy["spec"]["policyTypes"]), {"Ingress", "Egress"})
            rule, = policy["spec"]["ingress"]
            self.assertEqual(rule, {"from": [{"podSelector": {"matchLabels": CONTROLLERS}}],
                                    "ports": [{"port": 7400, "protocol": "TCP"}]})
            blocked = [address for rule in policy["spec"]["egress"] for peer in rule["to"]
                       for address in peer.get("ipBlock", {}).get("except", [])]
            self.assertIn("169.254.169.254/32", blocked)

    def test_the_run_finds_the_agents(self):
        service = by_kind(build(FOLDER / "agents"))["Service"]
        port, = service["spec"]["ports"]
        for folder in (FOLDER / "run", FOLDER / "insecure/run"):
            job = by_kind(build(folder))["Job"]
            container, = pod(job)["containers"]
            self.assertEqual(job["spec"]["template"]["metadata"]["labels"], CONTROLLERS)
            self.assertEqual(job["spec"]["backoffLimit"], 0)
            self.assertEqual(pod(job)["restartPolicy"], "Never")
            self.assertIn(f"--agents=dns:///{service['metadata']['name']}:{port['port']}",
                          container["args"])

    def test_certificates_or_none(self):
        for folder, secure in ((FOLDER, True), (FOLDER / "insecure", False)):
            for name in ("agents", "run"):
                pods = [pod(resource) for resource in build(folder / name)]
                arguments = [argument for spec in pods for container in spec.get("containers", [])
                             for argument in container["args"]]
                secrets = [volume for spec in pods for volume in spec.get("volumes", [])
                           if "secret" in volume]
                self.assertEqual(any(word.startswith("--tls=") for word in arguments), secure)
                self.assertEqual("--insecure" in arguments, not secure and name == "agents")
                self.assertEqual(bool(secrets), secure)


if __name__ == "__main__":
    unittest.main()
