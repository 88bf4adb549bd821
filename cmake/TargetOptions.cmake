# Options for the project's own targets only; nothing global, so that a parent project is untouched.

# Warnings, the language standard and, where asked, the sanitizers of SNGP_SANITIZE.
function(sngp_target_options target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS ON
    CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion $<$<BOOL:${SNGP_WARNINGS_AS_ERRORS}>:-Werror>)
  if(SNGP_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${SNGP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SNGP_SANITIZE})
  endif()
endfunction()
