using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Proxyless.Runs;

/// <summary>Shows YamlDotNet the settings of <see cref="RunOptions"/> as one flat list, whichever part holds
/// them.</summary>
internal sealed class SettingsInspector(ITypeInspector inner) : ITypeInspector
{
    public IEnumerable<IPropertyDescriptor> GetProperties(Type type, object? container) =>
        type == typeof(RunOptions)
            ? RunSettings.All.Select(setting => new SettingDescriptor(setting))
            : inner.GetProperties(type, container);

    public IPropertyDescriptor GetProperty(
        Type type,
        object? container,
        string name,
        bool ignoreUnmatched,
        bool caseInsensitivePropertyMatching
    ) =>
        type != typeof(RunOptions)
            ? inner.GetProperty(type, container, name, ignoreUnmatched, caseInsensitivePropertyMatching)
        : RunSettings.All.FirstOrDefault(setting => setting.Key == name) is { } setting ? new SettingDescriptor(setting)
        : throw new FormatException($"there is no setting '{name}'");

    public string GetEnumName(Type enumType, string name) => inner.GetEnumName(enumType, name);

    public string GetEnumValue(object enumValue) => inner.GetEnumValue(enumValue);

    public bool HasParseMethod(Type type) => inner.HasParseMethod(type);

    public object? Parse(string value, Type expectedType) => inner.Parse(value, expectedType);

    private sealed class SettingDescriptor(RunSetting setting) : IPropertyDescriptor
    {
        public string Name => setting.Key;

        public bool AllowNulls => true;

        public bool CanWrite => true;

        public Type Type => setting.Property.PropertyType;

        public Type? TypeOverride { get; set; }

        public int Order { get; set; }

        public ScalarStyle ScalarStyle { get; set; }

        public bool Required => false;

        public Type? ConverterType => null;

        public T? GetCustomAttribute<T>()
            where T : Attribute => null;

        public IObjectDescriptor Read(object target) =>
            new ObjectDescriptor(setting.Get(target), Type, Type, ScalarStyle);

        public void Write(object target, object? value) => setting.Set(target, value);
    }
}
