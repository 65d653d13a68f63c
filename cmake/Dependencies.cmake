# All dependencies are Debian 12 packages; script/bootstrap installs them.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(sndfile REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(soxr REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(ebur128 REQUIRED IMPORTED_TARGET libebur128)
pkg_check_modules(spandsp REQUIRED IMPORTED_TARGET spandsp)

# Boost is used by its headers; JSON and Asio are each compiled once (src/net/boost_impl.cpp, src/base/json_impl.cpp).
find_path(BOOST_INCLUDE boost/json.hpp REQUIRED)
add_library(carillon_boost INTERFACE)
target_include_directories(carillon_boost SYSTEM INTERFACE "${BOOST_INCLUDE}")
target_compile_definitions(carillon_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(carillon_boost INTERFACE Threads::Threads)

# rapidcheck has no config file in Debian.
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)

# script/bootstrap unpacks libphonenumber's headers there: its -dev package insists on another Boost.
if(DEFINED ENV{CARILLON_CACHE})
  set(_cache "$ENV{CARILLON_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/carillon")
else()
  set(_cache "$ENV{HOME}/.cache/carillon")
endif()
find_path(PHONENUMBER_INCLUDE phonenumbers/phonenumberutil.h HINTS "${_cache}/libphonenumber/usr/include" REQUIRED)
find_library(PHONENUMBER_LIBRARY NAMES phonenumber libphonenumber.so.8 REQUIRED)
find_library(PROTOBUF_LIBRARY NAMES protobuf REQUIRED)
add_library(carillon_phonenumber INTERFACE)
target_include_directories(carillon_phonenumber SYSTEM INTERFACE "${PHONENUMBER_INCLUDE}")
target_link_libraries(carillon_phonenumber INTERFACE "${PHONENUMBER_LIBRARY}" "${PROTOBUF_LIBRARY}")
