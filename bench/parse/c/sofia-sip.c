/* sofia-sip, as its transports use it: one message object, made and destroyed, for each message that comes in. */

#include "harness.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

static void prepare(void) {}

static void tell_uri(struct fields *into, msg_t *message, url_t const *url) {
  if (into->checking) tell_text(into, url_as_string(msg_home(message), url));
  else tell_text(into, url->url_host);
}

static void tell_routes(struct fields *into, msg_t *message, sip_route_t const *route) {
  unsigned long count = 0;
  for (; route != NULL; route = route->r_next) {
    tell_uri(into, message, route->r_url);
    count++;
  }
  tell_number(into, count);
}

static void parse(const char *data, size_t size, struct fields *into) {
  msg_t *message = msg_make(sip_default_mclass(), 0, data, (ssize_t)size);
  sip_t *sip = message == NULL ? NULL : sip_object(message);
  if (sip == NULL || sip->sip_request == NULL || sip->sip_error != NULL) fail("sofia-sip cannot read it");
  sip_via_t const *via = sip->sip_via;
  char const *transport = strrchr(via->v_protocol, '/');
  tell_text(into, sip->sip_request->rq_method_name);
  tell_uri(into, message, sip->sip_request->rq_url);
  tell_word(into, transport == NULL ? NULL : transport + 1);
  tell_text(into, via->v_host);
  tell_number(into, via->v_port == NULL ? 0 : strtoul(via->v_port, NULL, 10));
  tell_text(into, via->v_branch);
  tell_text(into, sip->sip_from->a_tag);
  tell_text(into, sip->sip_to->a_tag);
  tell_text(into, sip->sip_call_id->i_id);
  tell_number(into, sip->sip_cseq->cs_seq);
  tell_text(into, sip->sip_cseq->cs_method_name);
  if (sip->sip_contact == NULL) tell_text(into, NULL);
  else tell_uri(into, message, sip->sip_contact->m_url);
  tell_routes(into, message, sip->sip_route);
  tell_routes(into, message, sip->sip_record_route);
  tell_number(into, sip->sip_session_expires == NULL ? 0 : sip->sip_session_expires->x_delta);
  tell_word(into, sip->sip_session_expires == NULL ? NULL : sip->sip_session_expires->x_refresher);
  msg_destroy(message);
}
