using System.Collections.Concurrent;
using Proxyless.Files;

namespace Proxyless.Runtime;

/// <summary>
/// The place of everything that can be created again: <c>$PROXYLESS_CACHE</c>, otherwise the user's local application
/// data. If that cannot be written, as in a container without a home, a temporary folder of this process is used and
/// removed with it.
/// </summary>
internal static class CacheFolder
{
    /// <summary>The environment variable that names another folder.</summary>
    private const string Variable = "PROXYLESS_CACHE";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // By the requested folder: otherwise what was created once would not be found again.
    private static readonly ConcurrentDictionary<string, Lazy<string>> Substitutes = new();
    private static readonly ConcurrentDictionary<string, Lazy<string>> PrivateSubstitutes = new();
    private static readonly ConcurrentDictionary<string, bool> Warned = new();

    /// <summary>The folder that is used if it can be written.</summary>
    private static string Wanted
    {
        get
        {
            string? root = Environment.GetEnvironmentVariable(Variable);
            if (!string.IsNullOrEmpty(root))
            {
                return Path.GetFullPath(root);
            }

            string data = Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            );
            return Path.GetFullPath(Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "proxyless"));
        }
    }

    /// <summary>
    /// Returns a folder for one kind of files that can be created and written; it need not exist yet.
    /// </summary>
    /// <param name="kind">A folder name such as <c>native</c> or <c>latency</c>.</param>
    /// <exception cref="InvalidInputException">
    /// Neither the cache nor the temporary folder can be written; the message names the variable.
    /// </exception>
    public static string Of(string kind) => Path.Combine(Root(), kind);

    /// <summary>
    /// Returns a folder that only this user may enter and write, for files that are loaded as code. If the one in the
    /// cache belongs to somebody else, a temporary folder of this process is used.
    /// </summary>
    /// <param name="kind">A folder name such as <c>native</c>.</param>
    /// <param name="item">A folder in it.</param>
    /// <exception cref="InvalidInputException">
    /// Neither the cache nor the temporary folder can be written; the message names the variable.
    /// </exception>
    internal static string PrivateOf(string kind, string item)
    {
        string root = Root();
        string folder = Path.Combine(root, kind);
        if (MakePrivate(folder) && MakePrivate(Path.Combine(folder, item)))
        {
            return Path.Combine(folder, item);
        }

        Lazy<string> substitute = PrivateSubstitutes.GetOrAdd(root, asked => new Lazy<string>(() => Temporary(asked)));
        return Path.Combine(substitute.Value, kind, item);
    }

    /// <summary>Creates a folder, or removes the permissions of others on it; only its owner can.</summary>
    private static bool MakePrivate(string folder)
    {
        try
        {
            if (new DirectoryInfo(folder).LinkTarget is not null)
            {
                return false;
            }

            if (OperatingSystem.IsWindows())
            {
                // Folders in the user's profile inherit its permissions.
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, OwnerOnly);
                File.SetUnixFileMode(folder, OwnerOnly);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether what is written is there for the next process.</summary>
    public static bool IsKept => Root() == Wanted;

    /// <summary>Warns, once per process, that everything will have to be created again.</summary>
    /// <param name="observer">Receives the warning.</param>
    public static void WarnIfNotKept(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        string wanted = Wanted;
        if (!IsKept && Warned.TryAdd(wanted, true))
        {
            observer.Warning(
                $"the cache '{wanted}' cannot be written, so latency tables are not kept for the next time; set "
                    + $"{Variable} to a folder that can be written"
            );
        }
    }

    private static string Root()
    {
        string wanted = Wanted;
        return Substitutes
            .GetOrAdd(wanted, folder => new Lazy<string>(() => CanBeWritten(folder) ? folder : Temporary(folder)))
            .Value;
    }

    private static bool CanBeWritten(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            FolderProbe.CreateFile(folder);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A folder with an unpredictable name that only this user can enter: code is loaded from it.</summary>
    private static string Temporary(string instead)
    {
        string folder;
        try
        {
            folder = Directory.CreateTempSubdirectory("proxyless-cache-").FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"neither the cache '{instead}' nor the temporary folder '{Path.GetTempPath()}' can be written; set "
                    + $"{Variable} to a folder that can",
                exception
            );
        }

        // A library that is loaded from it cannot be deleted on Windows.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => FolderRemoval.Try(folder);
        return folder;
    }
}
