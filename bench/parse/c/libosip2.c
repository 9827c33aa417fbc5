/* GNU oSIP, as its users call it: one message object, made and freed, for each message that comes in. */

#include "harness.h"

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>

static void prepare(void) {
  if (parser_init() != 0) fail("libosip2 does not start");
}

static void tell_uri(struct fields *into, osip_uri_t const *uri) {
  char *whole = NULL;
  if (!into->checking) {
    tell_text(into, uri->host);
    return;
  }
  if (osip_uri_to_str(uri, &whole) != 0) fail("libosip2 cannot write a URI");
  tell_text(into, whole);
  osip_free(whole);
}

static void tell_routes(struct fields *into, osip_list_t const *routes) {
  int count = osip_list_size(routes);
  for (int i = 0; i < count; i++) tell_uri(into, ((osip_from_t *)osip_list_get(routes, i))->url);
  tell_number(into, (unsigned long)count);
}

static void tell_tag(struct fields *into, osip_from_t *address) {
  osip_generic_param_t *tag = NULL;
  osip_from_get_tag(address, &tag);
  tell_text(into, tag == NULL ? NULL : tag->gvalue);
}

/* It is left to the user to read Session-Expires. */
static void tell_session_expires(struct fields *into, osip_message_t *sip) {
  osip_header_t *header = NULL;
  osip_message_header_get_byname(sip, "session-expires", 0, &header);
  if (header == NULL || header->hvalue == NULL) {
    tell_number(into, 0);
    tell_word(into, NULL);
    return;
  }
  char *rest;
  tell_number(into, strtoul(header->hvalue, &rest, 10));
  rest = strstr(rest, "refresher=");
  tell_word(into, rest == NULL ? NULL : rest + strlen("refresher="));
}

static void parse(const char *data, size_t size, struct fields *into) {
  osip_message_t *sip;
  if (osip_message_init(&sip) != 0 || osip_message_parse(sip, data, size) != 0) fail("libosip2 cannot read it");
  osip_via_t *via = (osip_via_t *)osip_list_get(&sip->vias, 0);
  osip_contact_t *contact = (osip_contact_t *)osip_list_get(&sip->contacts, 0);
  osip_generic_param_t *branch = NULL;
  char *call_id = NULL;
  osip_via_param_get_byname(via, "branch", &branch);
  tell_text(into, sip->sip_method);
  tell_uri(into, sip->req_uri);
  tell_word(into, via->protocol);
  tell_text(into, via->host);
  tell_number(into, via->port == NULL ? 0 : strtoul(via->port, NULL, 10));
  tell_text(into, branch == NULL ? NULL : branch->gvalue);
  tell_tag(into, sip->from);
  tell_tag(into, sip->to);
  if (into->checking) {
    osip_call_id_to_str(sip->call_id, &call_id);
    tell_text(into, call_id);
    osip_free(call_id);
  } else {
    tell_text(into, sip->call_id->number);
  }
  tell_number(into, strtoul(sip->cseq->number, NULL, 10));
  tell_text(into, sip->cseq->method);
  if (contact == NULL) tell_text(into, NULL);
  else tell_uri(into, contact->url);
  tell_routes(into, &sip->routes);
  tell_routes(into, &sip->record_routes);
  tell_session_expires(into, sip);
  osip_message_free(sip);
}
