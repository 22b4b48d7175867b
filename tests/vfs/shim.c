/* A disk that can lose power, and can fail.
 *
 * Preloaded into an unmodified program, it notes what the program writes below one folder and what it
 * syncs. The note is an undo log: after the program has died, whoever reads the log can take back all
 * that was never synced, or a part of it, as a disk does when its power is cut.
 *
 *   CEP_VFS_ROOT     the folder; files that end in -shm are shared memory, and are left out
 *   CEP_VFS_LOG      the undo log; without it nothing is noted
 *   CEP_VFS_SWALLOW  set: syncs are answered and do not happen, as with synchronous=OFF
 *   CEP_VFS_FAULT    a file; while it exists, calls fail as its one line says:
 *                    OPERATION ERRNO SKIP PART, where OPERATION is write, sync, any of both, or die
 *                    (the program ends there), SKIP is how many calls pass first, and PART stands in
 *                    the paths that fail
 *
 * A record is eight 64-bit numbers and three byte strings:
 *   kind, offset, size before, length of path, of old bytes, of new bytes, 0, 0 · path · old · new
 * Kinds: 1 write, 2 truncate (offset is the new size), 3 sync of a file, 4 creation of a name,
 * 5 removal of a name (old: where the file still is), 6 renaming (old: from where; path: to where),
 * 7 sync of a folder.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, UNLINK, RENAME, SYNC_FOLDER };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], fault_file[PATH_MAX], log_path[PATH_MAX];
static size_t root_len;
static int log_fd = -1, swallow;
static long fault_calls;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void start(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    const char *at = getenv("CEP_VFS_ROOT"), *log = getenv("CEP_VFS_LOG"), *fault = getenv("CEP_VFS_FAULT");
    if (at) snprintf(root, sizeof root, "%s", at);
    root_len = strlen(root);
    if (fault) snprintf(fault_file, sizeof fault_file, "%s", fault);
    if (log) {
        snprintf(log_path, sizeof log_path, "%s", log);
        log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    swallow = getenv("CEP_VFS_SWALLOW") != NULL;
}

static int ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static int watched(const char *path) {
    return root_len && strncmp(path, root, root_len) == 0 && !ends_with(path, "-shm");
}

/* Gives the path of an open file or folder; 0 for one that is not ours. */
static int path_of(int fd, char *path) {
    char link[64];
    if (!root_len) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return watched(path) && !ends_with(path, " (deleted)");
}

static void note(uint64_t kind, uint64_t offset, uint64_t size, const char *path, const void *old,
                 size_t old_len, const void *new, size_t new_len) {
    if (log_fd < 0) return;
    uint64_t head[8] = {kind, offset, size, strlen(path), old_len, new_len, 0, 0};
    struct iovec parts[4] = {{head, sizeof head},
                             {(void *)path, strlen(path)},
                             {(void *)old, old_len},
                             {(void *)new, new_len}};
    if (writev(log_fd, parts, 4) < 0) abort();
}

/* Whether a call fails now; it sets errno. */
static int fails(const char *operation, const char *path) {
    char line[256], what[16], part[128];
    int code;
    long skip;
    if (!fault_file[0]) return 0;
    int fd = real_open(fault_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fault_calls = 0;
        return 0;
    }
    ssize_t n = read(fd, line, sizeof line - 1);
    close(fd);
    line[n < 0 ? 0 : n] = 0;
    if (sscanf(line, "%15s %d %ld %127s", what, &code, &skip, part) != 4) return 0;
    int dies = !strcmp(what, "die");
    if ((!dies && strcmp(what, "any") && strcmp(what, operation)) || !strstr(path, part)) return 0;
    if (fault_calls++ < skip) return 0;
    if (dies) abort();
    errno = code;
    return 1;
}

static ssize_t put(int fd, const void *bytes, size_t n, off_t offset, int positioned) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return positioned ? real_pwrite(fd, bytes, n, offset) : real_write(fd, bytes, n);
    pthread_mutex_lock(&lock);
    ssize_t written = -1;
    if (!fails("write", path)) {
        struct stat is;
        fstat(fd, &is);
        if (!positioned)
            offset = fcntl(fd, F_GETFL) & O_APPEND ? is.st_size : lseek(fd, 0, SEEK_CUR);
        /* The descriptor may be for writing only, so the old bytes are read by path. */
        char *old = malloc(n ? n : 1);
        int in = real_open(path, O_RDONLY | O_CLOEXEC);
        ssize_t had = in < 0 ? 0 : pread(in, old, n, offset);
        if (in >= 0) close(in);
        note(WRITE, offset, is.st_size, path, old, had < 0 ? 0 : had, bytes, n);
        free(old);
        written = positioned ? real_pwrite(fd, bytes, n, offset) : real_write(fd, bytes, n);
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return written;
}

ssize_t write(int fd, const void *bytes, size_t n) { return put(fd, bytes, n, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return put(fd, bytes, n, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) { return put(fd, bytes, n, at, 1); }

static int cut(int fd, off_t size) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails("write", path)) {
        struct stat is;
        fstat(fd, &is);
        size_t n = is.st_size > size ? is.st_size - size : 0;
        char *old = malloc(n ? n : 1);
        int in = real_open(path, O_RDONLY | O_CLOEXEC);
        ssize_t had = in < 0 ? 0 : pread(in, old, n, size);
        if (in >= 0) close(in);
        note(TRUNCATE, size, is.st_size, path, old, had < 0 ? 0 : had, "", 0);
        free(old);
        done = real_ftruncate(fd, size);
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return done;
}

int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off_t size) { return cut(fd, size); }

static int settle(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails("sync", path)) {
        struct stat is;
        fstat(fd, &is);
        done = swallow ? 0 : real(fd);
        if (done == 0 && !swallow)
            note(S_ISDIR(is.st_mode) ? SYNC_FOLDER : SYNC, 0, 0, path, "", 0, "", 0);
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return done;
}

int fsync(int fd) { return settle(fd, real_fsync); }
int fdatasync(int fd) { return settle(fd, real_fdatasync); }

/* Makes a path start at the root of the file system, as far as its folder exists. */
static const char *whole(const char *path, char *space) {
    char folder[PATH_MAX], real[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    const char *name = slash ? path + (slash - folder) + 1 : path;
    if (slash) *slash = 0;
    if (!realpath(!slash ? "." : folder[0] ? folder : "/", real)) return path;
    snprintf(space, PATH_MAX, "%s/%s", real, name);
    return space;
}

static int enter(int at, const char *given, int flags, mode_t mode) {
    char space[PATH_MAX];
    if (!(flags & O_CREAT) || at != AT_FDCWD) return real_openat(at, given, flags, mode);
    const char *path = whole(given, space);
    if (!watched(path)) return real_openat(at, given, flags, mode);
    pthread_mutex_lock(&lock);
    int there = access(path, F_OK) == 0, fd = -1;
    if (there || !fails("write", path)) {
        if (!there) note(CREATE, 0, 0, path, "", 0, "", 0);
        fd = real_openat(at, given, flags, mode);
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return fd;
}

#define MODE(flags)                       \
    mode_t mode = 0;                      \
    if (flags & (O_CREAT | O_TMPFILE)) {  \
        va_list rest;                     \
        va_start(rest, flags);            \
        mode = va_arg(rest, mode_t);      \
        va_end(rest);                     \
    }

int open(const char *path, int flags, ...) { MODE(flags) return enter(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return enter(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return enter(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return enter(at, path, flags, mode); }

int mkdir(const char *given, mode_t mode) {
    char space[PATH_MAX];
    const char *path = whole(given, space);
    if (!watched(path)) return real_mkdir(given, mode);
    pthread_mutex_lock(&lock);
    int done = real_mkdir(given, mode), code = errno;
    if (done == 0) note(CREATE, 0, 0, path, "", 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = code;
    return done;
}

/* What a removed or replaced name stood for is kept beside the log, so that the name can come back. */
static void keep(const char *path, char *kept) {
    static unsigned n;
    kept[0] = 0;
    if (log_fd < 0) return;
    snprintf(kept, PATH_MAX, "%s.%d.%u", log_path, getpid(), n++);
    if (link(path, kept) != 0) kept[0] = 0;
}

int unlink(const char *given) {
    char space[PATH_MAX], kept[PATH_MAX];
    const char *path = whole(given, space);
    if (!watched(path)) return real_unlink(given);
    pthread_mutex_lock(&lock);
    keep(path, kept);
    int done = real_unlink(given), code = errno;
    if (done == 0) note(UNLINK, 0, 0, path, kept, strlen(kept), "", 0);
    pthread_mutex_unlock(&lock);
    errno = code;
    return done;
}

int rename(const char *from_given, const char *to_given) {
    char from_space[PATH_MAX], to_space[PATH_MAX];
    const char *from = whole(from_given, from_space), *to = whole(to_given, to_space);
    if (!watched(to)) return real_rename(from_given, to_given);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!fails("write", to)) {
        char kept[PATH_MAX];
        keep(to, kept);
        done = real_rename(from_given, to_given);
        if (done == 0) note(RENAME, 0, 0, to, from, strlen(from), kept, strlen(kept));
    }
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return done;
}
