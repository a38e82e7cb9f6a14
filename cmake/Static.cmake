# One file with nothing to install (SQUALL_STATIC; deploy/static/build.sh). The libraries are Debian's
# static ones, libcurl is deploy/static/curl.sh's, found by CMAKE_PREFIX_PATH.

# Before the libraries are looked for.
macro(squall_prefer_static)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(Protobuf_USE_STATIC_LIBS ON)
endmacro()

# After that. Debian's packages tell CMake of their shared libraries alone; the static ones stand
# beside them.
function(squall_make_static)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target ${targets})
    get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" static "${shared}")
    if(shared MATCHES "\\.so" AND EXISTS ${static})
      set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION_NONE ${static} IMPORTED_SONAME_NONE "")
    endif()
  endforeach()
  # And no static ones of these at all. Their headers are used as with the shared ones.
  add_library(squall_log STATIC ${PROJECT_SOURCE_DIR}/common/static_log.cc)
  target_compile_definitions(squall_log PUBLIC
    $<TARGET_PROPERTY:spdlog::spdlog,INTERFACE_COMPILE_DEFINITIONS>
    $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  target_link_libraries(squall_log PUBLIC Threads::Threads)
  target_link_libraries(squall::log INTERFACE squall_log)
  # Named by libcurl before those that need them.
  find_library(brotlicommon_LIBRARY brotlicommon REQUIRED)
  set_property(TARGET CURL::libcurl APPEND PROPERTY
    INTERFACE_LINK_LIBRARIES ${brotlicommon_LIBRARY} OpenSSL::Crypto ZLIB::ZLIB)
endfunction()

# `target` is an executable.
function(squall_link_statically target)
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/common/static_libc.cc)
  target_link_libraries(${target} PRIVATE squall_ares)
  # Its addresses are chosen anew at each start, as those of other programs.
  target_link_options(${target} PRIVATE -static-pie -Wl,--gc-sections -Wl,--fatal-warnings)
endfunction()
