// What a static program has in place of the C library's functions that would load plug-ins (see
// common/ares_lookup.h). Every library in it calls these: gRPC, libcurl, OpenSSL and our own code.
//
// Part of the static build alone, as an object: it is before libc.a then, whose members of these
// names stay out. Whatever else would load plug-ins is found by tests/static.

#include <cerrno>
#include <cstdio>
#include <dlfcn.h>
#include <memory>
#include <netdb.h>
#include <pwd.h>

#include "common/address_text.h"
#include "common/ares_lookup.h"

namespace {

using File = std::unique_ptr<FILE, decltype([](FILE* file) { std::fclose(file); })>;

}  // namespace

extern "C" {

int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  return squall::LookUpByAres(host, service, hints, found);
}

void freeaddrinfo(addrinfo* list) noexcept { squall::FreeAresAddresses(list); }

int getnameinfo(const sockaddr* address, socklen_t size, char* host, socklen_t host_size,
                char* service, socklen_t service_size, int flags) {
  return squall::AddressToText(address, size, host, host_size, service, service_size, flags);
}

// Names of services: nobody here means any.
servent* getservbyname(const char*, const char*) { return nullptr; }

int getservbyname_r(const char*, const char*, servent*, char*, size_t, servent** found) {
  *found = nullptr;
  return ENOENT;
}

int getservbyport_r(int, const char*, servent*, char*, size_t, servent** found) {
  *found = nullptr;
  return ENOENT;
}

// OpenSSL's, of old; and c-ares', for HOSTALIASES. There is getaddrinfo.
hostent* gethostbyname(const char*) {
  h_errno = HOST_NOT_FOUND;
  return nullptr;
}

// Users of /etc/passwd alone.
int getpwuid_r(uid_t user, passwd* entry, char* buffer, size_t size, passwd** found) {
  *found = nullptr;
  const File file(std::fopen("/etc/passwd", "re"));
  if (file == nullptr) return errno;
  int error = 0;
  while ((error = fgetpwent_r(file.get(), entry, buffer, size, found)) == 0) {
    if (entry->pw_uid == user) return 0;
  }
  *found = nullptr;
  return error == ENOENT ? 0 : error;
}

passwd* getpwuid(uid_t user) {
  static passwd entry;
  static char buffer[4096];
  passwd* found = nullptr;
  getpwuid_r(user, &entry, buffer, sizeof(buffer), &found);
  return found;
}

// OpenSSL's engines, and providers outside of it. A library would bring another C library along.
void* dlopen(const char*, int) noexcept { return nullptr; }
int dlclose(void*) noexcept { return -1; }
void* dlsym(void*, const char*) noexcept { return nullptr; }
char* dlerror() noexcept {
  static char reason[] = "a static program loads no libraries";
  return reason;
}
int dladdr(const void*, Dl_info*) noexcept { return 0; }

// The same within the C library, which would load character sets that nobody here asks for. With
// these, all that loads is left out.
void* __libc_dlopen_mode(const char*, int) { return nullptr; }
void* __libc_dlsym(void*, const char*) { return nullptr; }
int __libc_dlclose(void*) { return -1; }

}  // extern "C"
