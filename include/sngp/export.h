/**
 * @file export.h
 * @brief Linkage of the public functions.
 */
#ifndef SNGP_EXPORT_H
#define SNGP_EXPORT_H

#if defined(SNGP_STATIC)
#define SNGP_API
#elif defined(__GNUC__)
#define SNGP_API __attribute__((visibility("default")))
#else
#define SNGP_API
#endif

#ifdef __cplusplus
#define SNGP_BEGIN_DECLS extern "C" {
#define SNGP_END_DECLS }
#else
#define SNGP_BEGIN_DECLS
#define SNGP_END_DECLS
#endif

#endif
