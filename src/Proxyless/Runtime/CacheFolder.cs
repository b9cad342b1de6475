using System.Collections.Concurrent;

namespace Proxyless.Runtime;

/// <summary>
/// Where what can be made again is kept: <c>$PROXYLESS_CACHE</c>, else the user's local application data. Where that
/// cannot be written, as in a container without a home, a folder that only this process knows takes its place and is
/// gone with it.
/// </summary>
internal static class CacheFolder
{
    /// <summary>The variable that names another folder.</summary>
    private const string Variable = "PROXYLESS_CACHE";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // By the folder that was asked for: what is made again and again would not be found again.
    private static readonly ConcurrentDictionary<string, Lazy<string>> Substitutes = new();
    private static readonly ConcurrentDictionary<string, Lazy<string>> PrivateSubstitutes = new();
    private static readonly ConcurrentDictionary<string, bool> Warned = new();

    /// <summary>Where things are kept if it can be written.</summary>
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

    /// <summary>The folder for one kind of thing, which can be made and written; it need not exist yet.</summary>
    /// <param name="kind">A folder name such as <c>native</c> or <c>latency</c>.</param>
    /// <exception cref="InvalidInputException">
    /// Neither the cache nor the temporary folder can be written; the message names the variable.
    /// </exception>
    public static string Of(string kind) => Path.Combine(Root(), kind);

    /// <summary>
    /// A folder that this user alone may enter and write, for what is loaded as code. Where the cache's is somebody
    /// else's, a folder that only this process knows takes its place.
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

    /// <summary>Makes a folder, or takes what others may do there away; only its owner can.</summary>
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
                // What lies in the user's profile has its permissions.
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

    /// <summary>Says, once in a process, that what is made will have to be made again.</summary>
    /// <param name="observer">Who hears of it.</param>
    public static void WarnIfNotKept(IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        string wanted = Wanted;
        if (Root() != wanted && Warned.TryAdd(wanted, true))
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
            using FileStream probe = new(
                Path.Combine(folder, $".{Guid.NewGuid():N}"),
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            );
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A folder of an unpredictable name that only this user can enter: code is loaded from it.</summary>
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

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(folder);
        return folder;
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A library that is loaded from it cannot be deleted on Windows.
        }
    }
}
