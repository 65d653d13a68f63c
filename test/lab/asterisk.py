"""One Asterisk instance in a folder of its own: rendered configuration, free ports, started and stopped by process id."""
from __future__ import annotations

import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What the campaign dialplan, AMI and ARI need. chan_pjsip needs res_pjsip_pubsub; without func_db the journal is
# silently skipped.
MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip res_pjsip_session
res_pjsip_endpoint_identifier_ip res_pjsip_caller_id res_pjsip_sdp_rtp res_pjsip_rfc3326 res_pjsip_outbound_authenticator_digest
res_rtp_asterisk res_pjsip_pubsub chan_pjsip codec_ulaw codec_alaw codec_a_mu format_pcm format_sln format_wav pbx_config
app_playback app_stack app_userevent app_dial func_strings func_channel func_logic func_timeout func_hangupcause
func_callerid func_db func_uri func_cut res_clioriginate res_curl func_curl bridge_simple bridge_native_rtp bridge_builtin_features res_http_websocket
res_websocket_client res_stasis app_stasis res_stasis_answer res_stasis_playback res_stasis_snoop res_stasis_recording res_ari res_ari_model
res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_endpoints res_ari_events res_ari_playbacks
res_ari_recordings res_mutestream
""".split()

EVENTS = ["OriginateResponse", "DialState", "Hangup", "UserEvent", "FullyBooted", "Shutdown"]


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody had a moment ago."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Asterisk:
    """Starts in about a second. `carrier_port` is where the loopback trunk's INVITEs go."""

    def __init__(self, folder: pathlib.Path, carrier_port: int, rtp_ports: tuple[int, int] | None = None) -> None:
        self.folder = folder.resolve()
        self.carrier_port = carrier_port
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.ami_port = free_port()
        self.ari_port = free_port()
        self.rtp_ports = rtp_ports or _rtp_range()
        self.secret = secrets.token_hex(12)
        self.process: subprocess.Popen[bytes] | None = None
        self.conf = self.folder / "etc"
        self.tree = pathlib.Path(subprocess.check_output([ROOT / "script/asterisk", "path"], text=True).strip())

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def configure(self, extensions: str) -> None:
        """Writes all configuration files; `extensions` is the rendered dialplan."""
        for name in ("etc", "lib", "spool", "spool/recording", "log", "run", "cache"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        lib = self.tree / "usr/lib"
        modules = next(lib.glob("*/asterisk/modules"))
        f = self.folder
        self._write("asterisk.conf", f"""
[directories](!)
[directories]
astetcdir => {self.conf}
astmoddir => {modules}
astvarlibdir => {f}/lib
astdbdir => {f}/lib
astkeydir => {f}/lib
astdatadir => {self.tree}/usr/share/asterisk
astagidir => {f}/lib
astspooldir => {f}/spool
astrundir => {f}/run
astlogdir => {f}/log
astcachedir => {f}/cache
astsbindir => {self.tree}/usr/sbin
[options]
nocolor = yes
hideconnect = yes
maxfiles = {_max_files()}
""")
        self._write("modules.conf", "[modules]\nautoload=no\n" + "".join(f"load = {m}.so\n" for m in MODULES))
        self._write("logger.conf", "[general]\ndateformat=%F %T.%3q\n[logfiles]\nmessages => notice,warning,error\n")
        self._write("pjsip.conf", f"""
[transport-udp]
type=transport
protocol=udp
bind=127.0.0.1:{self.sip_port}
[loopback]
type=aor
contact=sip:127.0.0.1:{self.carrier_port}
qualify_frequency=0
[loopback]
type=endpoint
transport=transport-udp
context=from-trunk
disallow=all
allow=ulaw
aors=loopback
direct_media=no
dtmf_mode=rfc4733
media_address=127.0.0.1
bind_rtp_to_media_address=yes
timers=no
[loopback]
type=identify
endpoint=loopback
match=127.0.0.1
""")
        self._write("rtp.conf", f"[general]\nrtpstart={self.rtp_ports[0]}\nrtpend={self.rtp_ports[1]}\n")
        events = "".join(f"eventfilter(action(include),name({e})) =\n" for e in EVENTS)
        self._write("manager.conf", f"""
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {self.ami_port}
displayconnects = no
timestampevents = no
[carillon]
secret = {self.secret}
read =
write = originate,call
writetimeout = 5000
allowmultiplelogin = no
[carillon-events]
secret = {self.secret}
read = call,user,system
write = system
writetimeout = 5000
{events}
[carillon-journal]
secret = {self.secret}
read =
write = system,reporting
writetimeout = 5000
""")
        self._write("http.conf", f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={self.ari_port}\n")
        self._write("ari.conf", f"[general]\nenabled=yes\n[carillon]\ntype=user\npassword={self.secret}\n")
        self._write("features.conf", "[applicationmap]\ncarillon-optout => 9,self/caller,Gosub,\"carillon-optout-bridged,s,1\"\n")
        for empty in ("cdr.conf", "cel.conf", "udptl.conf", "stasis.conf", "codecs.conf", "indications.conf", "ccss.conf", "acl.conf",
                      "pjproject.conf", "sorcery.conf", "extconfig.conf", "res_curl.conf", "taskpool.conf"):
            self._write(empty, "")
        self._write("indications.conf", "[general]\ncountry=us\n[us]\ndescription=US\nringcadence=2000,4000\ndial=350+440\nbusy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\ncallwaiting=440/300,0/10000\ndialrecall=350+440\nrecord=1400/500,0/15000\ninfo=950/330,1400/330,1800/330,0/1000\nstutter=350+440\n")
        self._write("cdr.conf", "[general]\nenable=no\n")
        self._write("extensions.conf", extensions)

    def start(self, nice: int = 0) -> None:
        """Starts and waits until it is fully booted."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        (self.folder / "run").mkdir()
        out = open(self.folder / "log/out", "ab")
        self.process = subprocess.Popen(
            [ROOT / "script/asterisk", "exec", "asterisk", "-f", "-C", str(self.conf / "asterisk.conf")],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=self.folder, preexec_fn=_raise_file_limit)
        if nice:
            os.setpriority(os.PRIO_PROCESS, self.process.pid, nice)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("Asterisk ended at once:\n" + self.log_tail())
            if "fully booted" in self.cli("core waitfullybooted"):
                return
            time.sleep(0.05)
        raise RuntimeError("Asterisk did not boot within 30 s:\n" + self.log_tail())

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """As if the machine lost power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def cli(self, command: str) -> str:
        done = subprocess.run(
            [ROOT / "script/asterisk", "exec", "asterisk", "-C", str(self.conf / "asterisk.conf"), "-rx", command],
            capture_output=True, text=True, check=False)
        return done.stdout

    def channels(self) -> int:
        """Live channels, agents' legs included."""
        for line in self.cli("core show channels count").splitlines():
            if "active channel" in line:
                return int(line.split()[0])
        raise RuntimeError("Asterisk does not answer")

    def journal(self) -> dict[str, str]:
        """The records of the journal, key to value."""
        rows = (line.split(": ", 1) for line in self.cli("database show carillon").splitlines() if ": " in line)
        return {key.strip(): value.strip() for key, value in rows if key.startswith("/carillon")}

    def log_tail(self, lines: int = 30) -> str:
        text = ""
        for name in ("out", "messages"):
            path = self.folder / "log" / name
            if path.exists():
                text += f"--- {name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) + "\n"
        return text

    def _write(self, name: str, text: str) -> None:
        (self.conf / name).write_text(text.lstrip("\n"))


def _max_files() -> int:
    import resource
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def _raise_file_limit() -> None:
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


_next_range = [10000 + (os.getpid() % 10) * 2000]


def _rtp_range() -> tuple[int, int]:
    """A range of 1,200 ports for this instance. Asterisk tries the next port where one is taken."""
    start = _next_range[0]
    _next_range[0] = 10000 + (start - 10000 + 1200) % 20000
    return start, start + 1199
