// getaddrinfo without the C library's: names are resolved by c-ares.
//
// A static program cannot have the C library's, which load plug-ins as /etc/nsswitch.conf says,
// made for the machine's own C library. c-ares asks /etc/hosts and the name servers of
// /etc/resolv.conf, read anew each time.
//
// Meaning, results and errors (EAI_…) are getaddrinfo's, but for this: an IPv4 address has all of
// its four numbers, and services are numbers. Blocks, for as long as resolv.conf lets name servers
// be silent; any thread.
#pragma once

#include <netdb.h>

namespace squall {

// `found` belongs to the caller, who gives it back by FreeAresAddresses(). AI_CANONNAME is refused:
// EAI_BADFLAGS.
int LookUpByAres(const char* host, const char* service, const addrinfo* hints, addrinfo** found);

// A list of LookUpByAres(), or null.
void FreeAresAddresses(addrinfo* list);

}  // namespace squall
