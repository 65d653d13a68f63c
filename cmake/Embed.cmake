# carillon_embed(TARGET FILE SYMBOL): the bytes of FILE as `extern const std::string_view carillon::SYMBOL`.
function(carillon_embed target file symbol)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_${symbol}.cpp")
  file(READ "${file}" EMBED_TEXT)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  set(EMBED_SYMBOL "${symbol}")
  # Other placeholders in the text must survive, so no configure_file here.
  file(WRITE "${source}.new"
    "#include <string_view>\nnamespace carillon {\nextern const std::string_view ${symbol};\n"
    "const std::string_view ${symbol} = R\"embed(${EMBED_TEXT})embed\";\n}\n")
  execute_process(COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${source}.new" "${source}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
