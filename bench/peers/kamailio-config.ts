/** Kamailio as a proxy that keeps the state of each dialog, and stays in its way. Asked by OPTIONS it tells what it holds. */
export function kamailioConfig(port: number, calleePort: number): string {
  return `#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=2
listen=udp:127.0.0.1:${port}
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
use_dns_cache=off
maxbuffer=4194304

loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "dialog.so"

modparam("dialog", "enable_stats", 1)
modparam("dialog", "hash_size", 16384)
modparam("rr", "append_fromtag", 0)

request_route {
  if (is_method("OPTIONS") && uri == myself) {
    append_to_reply("X-Used: $stat(real_used_size)\\r\\nX-Dialogs: $stat(active_dialogs)\\r\\n");
    sl_send_reply("200", "OK");
    exit;
  }
  if (has_totag()) {
    if (loose_route()) {
      t_relay();
      exit;
    }
    if (is_method("ACK")) exit;
    sl_send_reply("404", "Not here");
    exit;
  }
  if (!is_method("INVITE")) {
    sl_send_reply("405", "Method Not Allowed");
    exit;
  }
  dlg_manage();
  record_route();
  rewritehostport("127.0.0.1:${calleePort}");
  if (!t_relay()) sl_reply_error();
}
`;
}
