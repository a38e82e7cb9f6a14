# Everything that packages bring (deploy/install-deps.sh). One imported target for each.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# libev and http_parser carry no CMake configuration, yaml-cpp's differs from version to version.
function(squall_import_library target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY ${library} REQUIRED)
  add_library(squall::${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(squall::${target} PROPERTIES
    IMPORTED_LOCATION ${${target}_LIBRARY}
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${${target}_INCLUDE})
endfunction()
squall_import_library(ev ev.h ev)
squall_import_library(http_parser http_parser.h http_parser)
squall_import_library(yaml_cpp yaml-cpp/yaml.h yaml-cpp)
