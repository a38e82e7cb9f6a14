# CMAKE_PROJECT_INCLUDE of libcurl's build: libraries are static ones.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
