# Warnings for the project's own targets only; nothing global, so that a parent project is untouched.
function(sngp_target_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion
                         $<$<BOOL:${SNGP_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()
